import { Empty } from "../../ui/Empty";
import { ErrorNote } from "../../ui/ErrorNote";
import { Loading } from "../../ui/Loading";
import { useTitle } from "../../ui/title";
import { useRegistry } from "../../registry/queries";
import { words } from "../../words";
import { LiveCard } from "./LiveCard";
import { LiveDetails } from "./LiveDetails";
import "./live.css";

/** All live values, or the one of a name. */
export default function LivePage({ name }: { name?: string }) {
  useTitle(name ?? words.app.live);
  const { data: registry, error, refetch } = useRegistry();
  if (!registry) {
    return (
      <>
        <h1>{name ?? words.app.live}</h1>
        {error ? (
          <ErrorNote error={error} title={words.live.failedToList} again={() => void refetch()} />
        ) : (
          <Loading lines={4} />
        )}
      </>
    );
  }
  if (name !== undefined) {
    const info = registry.lives.find((live) => live.name === name);
    const { title, text, link } = words.live.absent;
    if (!info) return <Empty isPage title={title} text={text} link={["/live", link]} />;
    return <LiveDetails key={name} info={info} components={registry.components} />;
  }
  const { lives, components } = registry;
  return (
    <>
      <div className="page-head">
        <h1>{words.app.live}</h1>
        {lives.length > 0 && <span className="muted">{words.live.count(lives.length)}</span>}
      </div>
      {lives.length === 0 && <Empty {...words.live.empty} />}
      <div className="lives">
        {lives.map((info) => (
          <LiveCard key={info.name} info={info} components={components} />
        ))}
      </div>
    </>
  );
}
