import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from 'react-aria-components/Button';
import type { OrderRequest, PlanView } from '../../contract/api.ts';
import { PagePart } from '../frame/part.tsx';
import { ProblemBox } from '../frame/problem.tsx';
import { outOfDateWith } from '../live.ts';
import { Table } from '../machine/table.tsx';
import { countOf, plainWord } from '../words.ts';
import { fetchOrder, placeOrderOf } from './asking.ts';
import { mintOrderId } from './mint.ts';

interface RehearsedSpec {
  /** Of the rehearsal. */
  readonly id: string;
  readonly order: OrderRequest;
  readonly onLeave: () => void;
}

/** What would be done, once that is known, and the way to have it done. */
export function Rehearsed({ id, order, onLeave }: RehearsedSpec) {
  const queries = useQueryClient();
  const [own] = useState(() => mintOrderId(order.passage));
  const detail = useQuery({
    queryKey: ['order', id],
    queryFn: ({ signal }) => fetchOrder(id, signal),
    ...outOfDateWith('order', 'step'),
  });
  const ordering = useMutation({
    mutationFn: (plan: string | null) => placeOrderOf({ ...order, id: own, ...(plan !== null && { plan }) }),
    onSettled: () => queries.invalidateQueries({ type: 'active' }),
  });
  if (ordering.isSuccess) return <p role="status">{`Ordered: ${ordering.data.order.id}.`}</p>;
  const send = (plan: string | null, title: string) => (
    <div className="choices">
      <Button className="primary" isDisabled={ordering.isPending} onPress={() => ordering.mutate(plan)}>
        {title}
      </Button>
      <Button onPress={onLeave}>Leave it</Button>
    </div>
  );
  return (
    <PagePart title={`Plan of the ${order.passage}`} query={detail}>
      {({ order: { state, outcome }, plan }) => (
        <>
          {plan === null ? <p role="status">{describeWait(state, outcome)}</p> : <Plan plan={plan} />}
          {plan === null
            ? send(null, `Order the ${order.passage} without a plan`)
            : send(plan.hash, `Order the ${order.passage} by this plan`)}
          {ordering.error !== null && <ProblemBox error={ordering.error} />}
        </>
      )}
    </PagePart>
  );
}

function describeWait(state: string, outcome: string | null): string {
  if (state === 'waiting' || state === 'running')
    return `Nothing is done yet: what would be done is being found out (${plainWord(state)}).`;
  return `There is no plan: the rehearsal is ${plainWord(state)}${outcome === null ? '' : `, ${outcome}`}.`;
}

function Plan({ plan: { hash, lines } }: { readonly plan: PlanView }) {
  return (
    <>
      <p role="status">
        {`Nothing is done yet. The plan has ${countOf(lines.length, 'line')}, and the hash `}
        <code className="hash">{hash}</code>.
      </p>
      <Table
        title="What would be done"
        head={['Step', 'What it does', 'Command']}
        rows={lines.map(({ step, does, command }, index) => ({
          key: `${index} ${step}`,
          cells: [
            plainWord(step),
            does,
            command === undefined ? '–' : <code key="command">{JSON.stringify(command)}</code>,
          ],
        }))}
      />
    </>
  );
}
