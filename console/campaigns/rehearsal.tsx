import { useMutation } from '@tanstack/react-query';
import { Button } from 'react-aria-components/Button';
import { ProblemBox } from '../frame/problem.tsx';
import { countOf } from '../words.ts';
import { rehearse } from './asking.ts';

/** A dry run of each machine: what it finds is what the campaign may do there. */
export function RehearseButton({ id }: { readonly id: string }) {
  const rehearsing = useMutation({ mutationFn: () => rehearse(id) });
  const { data } = rehearsing;
  return (
    <div className="steer">
      <p className="quiet">
        A rehearsal plans every act of each machine and does none. Its hash then stands in the machine’s line, and the
        order is done only if its plan is still that one.
      </p>
      <Button isDisabled={rehearsing.isPending} onPress={() => rehearsing.mutate()}>
        Rehearse
      </Button>
      {data && <p role="status">{`${countOf(data.ordered, 'dry run')} ordered, ${data.refused} refused.`}</p>}
      {rehearsing.error !== null && <ProblemBox error={rehearsing.error} />}
    </div>
  );
}
