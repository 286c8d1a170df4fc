import RunPanel from "./RunPanel";

export default function RunPage({ id }: { id: string }) {
  return <RunPanel id={id} />;
}
