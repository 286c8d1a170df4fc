import { Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { FunctionsPage } from "../features/functions/FunctionsPage";
import { Boundary } from "../ui/Boundary";
import { Empty } from "../ui/Empty";
import { later } from "../ui/later";
import { Loading } from "../ui/Loading";
import { words } from "../words";
import { Shell } from "./Shell";

const FunctionPage = later(() => import("../features/functions/FunctionPage"));
const RunsPage = later(() => import("../features/runs/RunsPage"));
const RunPage = later(() => import("../features/runs/RunPage"));
const RunPanel = later(() => import("../features/runs/RunPanel"));
const LivePage = later(() => import("../features/live/LivePage"));
const SchedulesPage = later(() => import("../features/schedules/SchedulesPage"));
const WorkersPage = later(() => import("../features/workers/WorkersPage"));

/** The pages, by their addresses. Here alone features meet: none knows another. */
export function App({ title }: { title: string }) {
  return (
    <Shell title={title}>
      <Boundary>
        <Suspense fallback={<Loading />}>
          <Switch>
            <Route path="/">
              <Redirect to="/functions" replace />
            </Route>
            <Route path="/functions">
              <FunctionsPage />
            </Route>
            <Route path="/functions/:name">
              {({ name }) => (
                <FunctionPage key={name} name={decodeURIComponent(name)} run={(id) => <RunPanel id={id} isCompact />} />
              )}
            </Route>
            <Route path="/runs">
              <RunsPage />
            </Route>
            <Route path="/runs/:id">{({ id }) => <RunPage key={id} id={decodeURIComponent(id)} />}</Route>
            <Route path="/live">
              <LivePage />
            </Route>
            <Route path="/live/:name">{({ name }) => <LivePage name={decodeURIComponent(name)} />}</Route>
            <Route path="/schedules">
              <SchedulesPage />
            </Route>
            <Route path="/workers">
              <WorkersPage />
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
        </Suspense>
      </Boundary>
    </Shell>
  );
}
