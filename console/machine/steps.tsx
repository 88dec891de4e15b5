import type { OrderView, StepView } from '../../contract/api.ts';
import { useNow } from '../frame/now.ts';
import { formatSpan } from '../time.ts';
import { plainWord } from '../words.ts';
import { Table } from './table.tsx';

interface StepsSpec {
  readonly order: OrderView | null;
  readonly steps: readonly StepView[];
}

/** The steps of what is done with it, or was done last, each against its limit. */
export function StepsTable({ order, steps }: StepsSpec) {
  const nowMs = useNow();
  if (order === null) return <p className="quiet">Nothing was ordered for it yet.</p>;
  if (steps.length === 0) return <p className="quiet">{`No step of its ${order.passage} has begun.`}</p>;
  return (
    <Table
      title={`Steps of ${order.passage} ${order.id}`}
      head={['Step', 'State', 'Team', 'Against its limit', 'What it says']}
      rows={steps.map((step) => ({
        key: `${step.source} ${step.name} ${step.attempt} ${step.startedAt}`,
        isMarked: step.late,
        cells: [
          `${plainWord(step.name)}${step.attempt > 1 ? `, attempt ${step.attempt}` : ''}`,
          step.percent === null || step.endedAt !== null ? step.state : `${step.state}, ${Math.round(step.percent)} %`,
          step.owner,
          <Limit key="limit" step={step} nowMs={nowMs} />,
          [step.device, step.message].filter((said) => said !== null).join(': ') || '–',
        ],
      }))}
    />
  );
}

/** How much of the time that it may take is gone. */
function Limit({ step, nowMs }: { readonly step: StepView; readonly nowMs: number }) {
  const { name, startedAt, limitAt, endedAt, late } = step;
  const began = Date.parse(startedAt);
  const tookSeconds = ((endedAt === null ? nowMs : Date.parse(endedAt)) - began) / 1000;
  const limitSeconds = (Date.parse(limitAt) - began) / 1000;
  const text = `${formatSpan(tookSeconds)} of ${formatSpan(limitSeconds)}${late ? ', past its limit' : ''}`;
  if (endedAt !== null) return text;
  return (
    <span className="limit">
      <meter
        aria-label={`${plainWord(name)} against its limit`}
        min={0}
        max={limitSeconds}
        high={0.8 * limitSeconds}
        optimum={0}
        value={Math.min(tookSeconds, limitSeconds)}
      />
      {text}
    </span>
  );
}
