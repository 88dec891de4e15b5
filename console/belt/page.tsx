import { useQuery } from '@tanstack/react-query';
import { readBelt } from '../client.ts';
import { PageFrame } from '../frame/page.tsx';
import { PagePart } from '../frame/part.tsx';
import { outOfDateWith, useLive } from '../live.ts';
import { Stages } from './stages.tsx';
import { Stuck } from './stuck.tsx';

/** That a step passes its limit is no change of which anybody is told. */
const quietMs = 30_000;

/** The conveyor belt: how many machines of each rack are in each stage, and which stand still. */
export function BeltPage() {
  const live = useLive();
  const belt = useQuery({
    queryKey: ['belt'],
    queryFn: ({ signal }) => readBelt(signal),
    refetchInterval: quietMs,
    ...outOfDateWith('machine', 'step'),
    ...live,
  });
  return (
    <PageFrame title="Belt">
      <div className="parts">
        <PagePart title="Stages by rack" query={belt}>
          {({ cells }) => <Stages cells={cells} />}
        </PagePart>
        <PagePart title="Past their limit" query={belt}>
          {({ stuck }) => <Stuck stuck={stuck} />}
        </PagePart>
      </div>
    </PageFrame>
  );
}
