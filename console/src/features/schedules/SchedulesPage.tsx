import { useTitle } from "../../ui/title";
import { words } from "../../words";

export default function SchedulesPage() {
  useTitle(words.app.schedules);
  return <h1>{words.app.schedules}</h1>;
}
