import { useTitle } from "../../ui/title";
import { words } from "../../words";

export default function WorkersPage() {
  useTitle(words.app.workers);
  return <h1>{words.app.workers}</h1>;
}
