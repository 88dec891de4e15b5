import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from 'react-aria-components/Button';
import type { AuditState } from '../../contract/auditschemas.ts';
import type { ChainOutcome } from '../../domain/audit/walk.ts';
import { ProblemBox } from '../frame/problem.tsx';
import { Table } from '../machine/table.tsx';
import { formatSpan } from '../time.ts';
import { countOf } from '../words.ts';
import { fetchChain } from './asking.ts';
import { verifyRows } from './verify.ts';

/** How far Farrier has verified the chain itself, where else it is kept, and a way to verify it here. */
export function Chain({ state: { rows, lastRow, verified, streams } }: { readonly state: AuditState }) {
  const whole =
    verified.wholeAge === null ? 'never walked whole yet' : `walked whole ${formatSpan(verified.wholeAge)} ago`;
  return (
    <>
      <p role="status">{`${countOf(rows, 'row')}, the last is number ${lastRow}.`}</p>
      {verified.fault === null ? (
        <p>{`Farrier has verified the chain to row ${verified.row}; ${countOf(verified.behind, 'row')} came since, ${whole}.`}</p>
      ) : (
        <p className="problem" role="alert">{`The chain is broken: ${verified.fault}`}</p>
      )}
      {streams.length > 0 && (
        <Table
          title="Where it is kept besides"
          head={['Place', 'Has it to row', 'Behind', 'Trouble']}
          rows={streams.map(({ to, row, behind, trouble }) => ({
            key: to,
            isMarked: trouble !== null,
            cells: [to, row, countOf(behind, 'row'), trouble ?? '–'],
          }))}
        />
      )}
      <VerifyHere />
    </>
  );
}

function VerifyHere() {
  const [rows, setRows] = useState(0);
  const verifying = useMutation({
    mutationFn: () => verifyRows((after, limit) => fetchChain(after, limit, AbortSignal.timeout(60_000)), setRows),
  });
  const { data } = verifying;
  return (
    <div className="steer">
      <Button isDisabled={verifying.isPending} onPress={() => verifying.mutate()}>
        Verify the chain in this browser
      </Button>
      {verifying.isPending && <p role="status">{`${countOf(rows, 'row')} so far …`}</p>}
      {data && <Outcome outcome={data} />}
      {verifying.error !== null && <ProblemBox error={verifying.error} />}
    </div>
  );
}

function Outcome({ outcome: { rows, head, fault } }: { readonly outcome: ChainOutcome }) {
  if (fault !== null)
    return <p className="problem" role="alert">{`The chain is broken (${fault.kind}): ${fault.message}`}</p>;
  return (
    <>
      <p role="status">{`${countOf(rows, 'row')} ${rows === 1 ? 'is' : 'are'} whole, each hash computed here.`}</p>
      {head !== null && (
        <p>
          Its head, to keep elsewhere: <code className="hash">{`${head.row}:${head.hash}`}</code>
        </p>
      )}
    </>
  );
}
