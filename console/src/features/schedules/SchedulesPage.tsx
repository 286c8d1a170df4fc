import { useState } from "react";
import { Empty } from "../../ui/Empty";
import { ErrorNote } from "../../ui/ErrorNote";
import { Loading } from "../../ui/Loading";
import { useTitle } from "../../ui/title";
import { words } from "../../words";
import { useSchedules } from "./queries";
import { ScheduleCard } from "./ScheduleCard";
import "./schedules.css";

/** What is due when, and what has become of it. */
export default function SchedulesPage() {
  useTitle(words.app.schedules);
  const { schedules, error } = useSchedules();
  const [refusal, setRefusal] = useState<number | null>(null);
  return (
    <>
      <div className="page-head">
        <h1>{words.app.schedules}</h1>
        {schedules && schedules.length > 0 && <span className="muted">{words.schedules.count(schedules.length)}</span>}
      </div>
      {refusal !== null && <p className="muted">{words.schedules.errors[refusal]}</p>}
      {error && !schedules && <ErrorNote error={error} title={words.schedules.failed} />}
      {!schedules && !error && <Loading lines={4} />}
      {schedules?.length === 0 && <Empty {...words.schedules.empty} />}
      {schedules?.map((schedule) => (
        <ScheduleCard key={schedule.name} schedule={schedule} mayAct={refusal === null} onRefused={setRefusal} />
      ))}
    </>
  );
}
