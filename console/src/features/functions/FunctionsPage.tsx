import { useTitle } from "../../ui/title";
import { words } from "../../words";

export function FunctionsPage() {
  useTitle(words.app.functions);
  return <h1>{words.app.functions}</h1>;
}
