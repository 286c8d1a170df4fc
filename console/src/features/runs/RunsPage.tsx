import { useTitle } from "../../ui/title";
import { words } from "../../words";

export default function RunsPage() {
  useTitle(words.app.runs);
  return <h1>{words.app.runs}</h1>;
}
