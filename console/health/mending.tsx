import type { MendingView, SpellView } from '../../contract/mendingschemas.ts';
import { Facts } from '../machine/status.tsx';
import { Table } from '../machine/table.tsx';
import { formatSpan } from '../time.ts';
import { countOf } from '../words.ts';

/** Mean time to detect, to repair and to answer, with how many cases each is known of. */
export function MendingTimes({ repairs }: Pick<MendingView, 'repairs'>) {
  const { ordered, open, falsePositive, toDetect, toRepair, toAnswer, faults } = repairs;
  return (
    <>
      <Facts
        rows={[
          ['Repairs', `${ordered} ordered, ${open} under way, ${falsePositive} that cleared with nothing done`],
          ['To detect', describeSpell(toDetect, 'repair')],
          ['To repair', describeSpell(toRepair, 'repair')],
          ['To answer', describeSpell(toAnswer, 'question')],
        ]}
      />
      <p className="quiet">
        To detect (MTTD): from a controller’s first warning, within the day before, to the order of the repair. To
        repair (MTTR): from that order until the machine was back in production, or the repair done where it never left.
      </p>
      {faults.length > 0 && (
        <Table
          title="Faults"
          head={['Fault', 'Repairs', 'Median time to repair']}
          rows={faults.map(({ fault, repairs: count, medianSeconds }) => ({
            key: fault,
            cells: [fault, count, medianSeconds === null ? '–' : formatSpan(medianSeconds)],
          }))}
        />
      )}
    </>
  );
}

function describeSpell({ count, meanSeconds, medianSeconds }: SpellView, one: string): string {
  if (meanSeconds === null || medianSeconds === null) return `not known of any ${one}`;
  return `${formatSpan(meanSeconds)} in the mean, ${formatSpan(medianSeconds)} in the median, of ${countOf(count, one)}`;
}
