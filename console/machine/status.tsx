import type { ReactNode } from 'react';
import type { MachineView } from '../../contract/api.ts';
import { useNow } from '../frame/now.ts';
import { formatAgo, formatTime } from '../time.ts';
import { plainWord } from '../words.ts';

/** Where a machine is, why, since when, by whom, what comes next and what it waits for. */
export function Status({ view: { machine, status, identity, tags } }: { readonly view: MachineView }) {
  const nowMs = useNow();
  const tagged = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  const rows: readonly [string, ReactNode][] = [
    ['Where', plainWord(status.where)],
    ['Why', status.why],
    ['Since', status.since === null ? 'unknown' : `${formatAgo(status.since, nowMs)} (${formatTime(status.since)})`],
    ['By', status.by],
    ['Next', status.next],
    ['Waits for', status.blockedOn],
    ...(machine.held === null ? [] : [['Held', machine.held] as [string, ReactNode]]),
    ['Last seen', formatAgo(machine.lastSeenAt, nowMs)],
    ['Pool, owner', `${machine.pool}, ${identity.owner ?? 'no owner'}`],
    ['Profile', identity.profile ?? 'none yet'],
    ['Image', describeImage(identity.requiredImage, identity.observedImage)],
    ['Tags', tagged.length === 0 ? 'none' : tagged.join(', ')],
  ];
  return <Facts rows={rows} />;
}

function describeImage(required: string | null, observed: string | null): string {
  if (required === null) return observed ?? 'none yet';
  if (required === observed) return required;
  return `${observed ?? 'none'}, and ${required} is wanted`;
}

/** Names and what they are, one below the other. */
export function Facts({ rows }: { readonly rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
