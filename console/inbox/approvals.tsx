import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import type { ApprovalDetail, ApprovalView } from '../../contract/approvals.ts';
import { actMeanings } from '../../domain/approvals.ts';
import { machineAddress, PageLink } from '../address.tsx';
import { approve, readApproval, refuseApproval } from '../client.ts';
import { useNow } from '../frame/now.ts';
import { ProblemBox } from '../frame/problem.tsx';
import { formatAgo } from '../time.ts';
import { shownName } from '../words.ts';

/** What waits for a second person; what one has decided here stays, with what came of it. */
export function ApprovalList({ waiting }: { readonly waiting: readonly ApprovalView[] }) {
  const [decided, setDecided] = useState<readonly ApprovalView[]>([]);
  const there = new Set(waiting.map(({ id }) => id));
  const left = decided.filter(({ id }) => !there.has(id));
  if (waiting.length + left.length === 0) return <p className="empty">Nothing waits for a second person.</p>;
  return [...waiting, ...left].map((one) => (
    <Approval
      key={one.id}
      approval={one}
      onDecide={() => setDecided((before) => [...before.filter(({ id }) => id !== one.id), one])}
    />
  ));
}

interface Deciding {
  readonly onDecide: () => void;
}

/** What somebody else asked, and what it would do: its plan is seen before it is approved. */
function Approval({ approval, onDecide }: Deciding & { readonly approval: ApprovalView }) {
  const { id, what, acts, machineId, hostname, reason, askedBy, askedAt } = approval;
  const heading = useId();
  const nowMs = useNow(10_000);
  const [open, setOpen] = useState(false);
  return (
    <article className="question" aria-labelledby={heading}>
      <h3 id={heading}>{what}</h3>
      <p className="quiet">
        {machineId !== null && (
          <>
            <PageLink href={machineAddress(machineId)}>{shownName({ id: machineId, hostname })}</PageLink>,{' '}
          </>
        )}
        asked by {askedBy} {formatAgo(askedAt, nowMs)}: {reason}
      </p>
      <p>It {acts.map((act) => actMeanings[act]).join(', and ')}: a second person has to approve of its plan.</p>
      {open ? <Plan id={id} onDecide={onDecide} /> : <Button onPress={() => setOpen(true)}>Show the plan</Button>}
    </article>
  );
}

function Plan({ id, onDecide }: Deciding & { readonly id: string }) {
  const found = useQuery({ queryKey: ['approval', id], queryFn: ({ signal }) => readApproval(id, signal) });
  if (found.error !== null) return <ProblemBox error={found.error} />;
  if (found.data === undefined) return <p role="status">Reading the plan …</p>;
  const { plan, together, refused } = found.data;
  return (
    <>
      <Lines lines={plan.lines} />
      {together.map((one) => (
        <div key={one.approval.id}>
          <p>Done with it, in one outage of the machine: {one.approval.what}</p>
          <Lines lines={one.lines} />
        </div>
      ))}
      {refused !== null && <p role="note">You may not approve of it: {refused}</p>}
      {plan.missing !== null && <p role="note">There is no plan to approve of yet: {plan.missing}</p>}
      {refused === null && <Decision id={id} hash={plan.hash} onDecide={onDecide} />}
    </>
  );
}

function Lines({ lines }: Pick<ApprovalDetail['plan'], 'lines'>) {
  return (
    <ol>
      {lines.map(({ step, does }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a plan is never changed, and may say the same twice.
        <li key={index}>{step === 'asked' ? does : `${step}: ${does}`}</li>
      ))}
    </ol>
  );
}

function Decision({ id, hash, onDecide }: Deciding & { readonly id: string; readonly hash: string | null }) {
  const [why, setWhy] = useState('');
  const queries = useQueryClient();
  const settling = {
    onMutate: onDecide,
    onSettled: () => queries.invalidateQueries({ queryKey: ['approvals'] }),
  };
  const approving = useMutation({ mutationFn: (plan: string) => approve(id, plan), ...settling });
  const refusing = useMutation({ mutationFn: (reason: string) => refuseApproval(id, reason), ...settling });
  const error = approving.error ?? refusing.error;
  if (approving.isSuccess) return <p role="status">Approved.</p>;
  if (refusing.isSuccess) return <p role="status">Refused.</p>;
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      {hash !== null && (
        <Button className="primary" isDisabled={approving.isPending} onPress={() => approving.mutate(hash)}>
          Approve of this plan
        </Button>
      )}
      <label>
        Why not <input value={why} onChange={({ target }) => setWhy(target.value)} />
      </label>
      <Button isDisabled={why.trim() === '' || refusing.isPending} onPress={() => refusing.mutate(why.trim())}>
        Refuse
      </Button>
      {error !== null && <ProblemBox error={error} />}
    </form>
  );
}
