import { useQuery } from '@tanstack/react-query';
import { normaliseMac } from '../../domain/machine.ts';
import { readLife, readMachineView, readOrdersOf } from '../client.ts';
import { PageFrame } from '../frame/page.tsx';
import { PagePart } from '../frame/part.tsx';
import { Question } from '../inbox/question.tsx';
import { outOfDateWith, useLive } from '../live.ts';
import { shownName } from '../words.ts';
import { Life } from './life.tsx';
import { Links } from './links.tsx';
import { OrdersTable } from './orders.tsx';
import { Parts } from './parts.tsx';
import { Status } from './status.tsx';
import { StepsTable } from './steps.tsx';

/** Entries of its life that are read at once. */
const lifeLimit = 500;
/** Of what no change is told: boot requests, and what is only written into the audit. */
const quietMs = 30_000;

/** A machine is named in the address as a person would type it. */
function selectorOf(name: string): string {
  if (normaliseMac(name) !== null) return `mac=${name}`;
  return name.startsWith('m-') ? `id=${name}` : `hostname=${name.toLowerCase()}`;
}

/** All that is known of one machine. */
export function MachinePage({ name }: { readonly name: string }) {
  const live = useLive(selectorOf(name));
  const view = useQuery({
    queryKey: ['machine', name],
    queryFn: ({ signal }) => readMachineView(name, signal),
    ...outOfDateWith('machine', 'step', 'order', 'question', 'permit'),
    ...live,
  });
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
  const { data } = view;
  return (
    <PageFrame title={data ? shownName(data.machine) : name}>
      <div className="parts">
        <PagePart title="Where it stands" query={view}>
          {(shown) => (
            <>
              <Status view={shown} />
              <Links machine={shown.machine} order={shown.order} />
            </>
          )}
        </PagePart>
        {data !== undefined && data.humanSteps.length > 0 && (
          <PagePart title="Open questions" query={view}>
            {({ humanSteps }) => humanSteps.map((question) => <Question key={question.id} question={question} />)}
          </PagePart>
        )}
        <PagePart title="Steps" query={view}>
          {({ order, steps }) => <StepsTable order={order} steps={steps} />}
        </PagePart>
        <PagePart title="Orders" query={orders}>
          {(shown) => <OrdersTable orders={shown} />}
        </PagePart>
        <PagePart title="Parts" query={view}>
          {(shown) => <Parts view={shown} />}
        </PagePart>
        <PagePart title="Life" query={life}>
          {(entries) => <Life entries={entries} isCut={entries.length === lifeLimit} />}
        </PagePart>
      </div>
    </PageFrame>
  );
}
