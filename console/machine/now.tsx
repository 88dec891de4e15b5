import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { MachineView } from '../../contract/api.ts';
import { readLife, readOrdersOf } from '../client.ts';
import { PagePart } from '../frame/part.tsx';
import { Steer } from '../frame/steer.tsx';
import { Question } from '../inbox/question.tsx';
import { outOfDateWith } from '../live.ts';
import { OrderOne } from '../ordering/one.tsx';
import { actOnHold } from '../ordering/steering.ts';
import { shownName } from '../words.ts';
import { Life } from './life.tsx';
import { Links } from './links.tsx';
import { OrdersTable } from './orders.tsx';
import { Status } from './status.tsx';
import { StepsTable } from './steps.tsx';

/** Entries of its life that are read at once. */
const lifeLimit = 500;
/** Of what no change is told: boot requests, and what is only written into the audit. */
const quietMs = 30_000;

interface NowSpec {
  readonly name: string;
  readonly view: UseQueryResult<MachineView>;
  readonly live: { readonly enabled: boolean };
}

/** Where it stands, what waits for a person, what is done with it, and its life. */
export function NowParts({ name, view, live }: NowSpec) {
  const orders = useQuery({
    queryKey: ['orders', name],
    queryFn: ({ signal }) => readOrdersOf(name, signal),
    ...outOfDateWith('order'),
    ...live,
  });
  const life = useQuery({
    queryKey: ['life', name],
    queryFn: ({ signal }) => readLife(name, lifeLimit, signal),
    refetchInterval: quietMs,
    ...outOfDateWith('machine', 'step', 'order', 'question', 'ticket'),
    ...live,
  });
  const machine = view.data?.machine;
  return (
    <>
      <PagePart title="Where it stands" query={view}>
        {(shown) => (
          <>
            <Status view={shown} />
            <Links machine={shown.machine} order={shown.order} />
            {shown.machine.held !== null && (
              <Steer what={shownName(shown.machine)} acts={[actOnHold(shown.machine.id)]} />
            )}
          </>
        )}
      </PagePart>
      {view.data !== undefined && view.data.humanSteps.length > 0 && (
        <PagePart title="Open questions" query={view}>
          {({ humanSteps }) => humanSteps.map((question) => <Question key={question.id} question={question} />)}
        </PagePart>
      )}
      <PagePart title="Steps" query={view}>
        {({ order, steps }) => <StepsTable order={order} steps={steps} />}
      </PagePart>
      <PagePart title="Orders" query={orders}>
        {(shown) => (
          <>
            {machine !== undefined && (
              <details>
                <summary>Order something for it</summary>
                <OrderOne machine={machine.id} />
              </details>
            )}
            <OrdersTable orders={shown} />
          </>
        )}
      </PagePart>
      <PagePart title="Life" query={life}>
        {(entries) => <Life entries={entries} isCut={entries.length === lifeLimit} />}
      </PagePart>
    </>
  );
}
