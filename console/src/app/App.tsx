import { Redirect, Route, Switch, useLocation } from "wouter";
import { FunctionsPage } from "../features/functions/FunctionsPage";
import { Boundary } from "../ui/Boundary";
import { Empty } from "../ui/Empty";
import { later } from "../ui/later";
import { words } from "../words";
import { Shell } from "./Shell";

const FunctionPage = later(() => import("../features/functions/FunctionPage"));
const RunsPage = later(() => import("../features/runs/RunsPage"));
const RunPage = later(() => import("../features/runs/RunPage"));
const RunPanel = later(() => import("../features/runs/RunPanel"));
const LivePage = later(() => import("../features/live/LivePage"));
const SchedulesPage = later(() => import("../features/schedules/SchedulesPage"));
const WorkersPage = later(() => import("../features/workers/WorkersPage"));

/** Has the code come that a page needs, by its address. */
export async function begin(place: string): Promise<void> {
  const [, part, one] = place.split("/");
  if (part === "functions" && one) await FunctionPage.begin();
  else if (part === "runs") await (one ? RunPage : RunsPage).begin();
  else if (part === "live") await LivePage.begin();
  else if (part === "schedules") await SchedulesPage.begin();
  else if (part === "workers") await WorkersPage.begin();
}

/** The pages, by their addresses. Here alone features meet: none knows another. */
export function App({ title }: { title: string }) {
  const [place] = useLocation();
  return (
    <Shell title={title}>
      <Boundary place={place}>
        <Switch>
          <Route path="/">
            <Redirect to="/functions" replace />
          </Route>
          <Route path="/functions">
            <FunctionsPage />
          </Route>
          <Route path="/functions/:name">
            {({ name }) => (
              <FunctionPage key={name} name={decoded(name)} run={(id) => <RunPanel id={id} isCompact />} />
            )}
          </Route>
          <Route path="/runs">
            <RunsPage />
          </Route>
          <Route path="/runs/:id">{({ id }) => <RunPage key={id} id={decoded(id)} />}</Route>
          <Route path="/live">
            <LivePage />
          </Route>
          <Route path="/live/:name">{({ name }) => <LivePage name={decoded(name)} />}</Route>
          <Route path="/schedules">
            <SchedulesPage />
          </Route>
          <Route path="/workers">
            <WorkersPage />
          </Route>
          <Route path="/shared/:token">
            <Empty isPage title={words.app.deadLink.title} text={words.app.deadLink.text} />
          </Route>
          <Route>
            <Empty
              isPage
              title={words.app.nowhere.title}
              text={words.app.nowhere.text}
              link={["/functions", words.app.nowhere.link]}
            />
          </Route>
        </Switch>
      </Boundary>
    </Shell>
  );
}

/** A name out of an address, or what stands there if it is no such name. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
