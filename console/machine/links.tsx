import type { MachineSummary, OrderView } from '../../contract/api.ts';
import { machineWorkflowId, passageWorkflowId } from '../../contract/machine.ts';
import { useSession, workflowAddress } from '../session.ts';

interface LinksSpec {
  readonly machine: MachineSummary;
  readonly order: OrderView | null;
}

/** Its workflows in Temporal's Web UI, where one is known. */
export function Links({ machine, order }: LinksSpec) {
  const temporal = useSession().data?.temporal ?? null;
  if (temporal === null) return null;
  const ids: [string, string][] = [['Its life in Temporal', machineWorkflowId(machine.id)]];
  if (order !== null)
    ids.push([`Its ${order.passage} in Temporal`, passageWorkflowId(machine.id, order.passage, order.id)]);
  return (
    <ul className="links">
      {ids.map(([title, id]) => (
        <li key={id}>
          <a href={workflowAddress(temporal, id)} target="_blank" rel="noreferrer">
            {title}
          </a>
        </li>
      ))}
    </ul>
  );
}
