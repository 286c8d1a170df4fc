import { useTitle } from "../../ui/title";
import { words } from "../../words";

export default function LivePage() {
  useTitle(words.app.live);
  return <h1>{words.app.live}</h1>;
}
