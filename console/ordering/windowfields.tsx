import type { CampaignView } from '../../contract/campaignschemas.ts';

type PermitSpell = CampaignView['pace']['windows'][number];

/** When a campaign may begin with machines; no day is any time. */
export type TypedWindow = Pick<PermitSpell, 'from' | 'to'> & { readonly days: readonly number[] };

export const anyTime: TypedWindow = { days: [], from: '22:00', to: '04:00' };

const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** As the API takes it, by the clock of who looks. */
export function windowsOf({ days, from, to }: TypedWindow): PermitSpell[] {
  return days.length === 0 ? [] : [{ days: [...days].sort(), from, to, zone: zone() }];
}

interface WindowFieldsSpec {
  readonly window: TypedWindow;
  readonly onChange: (window: TypedWindow) => void;
}

export function WindowFields({ window, onChange }: WindowFieldsSpec) {
  const { days, from, to } = window;
  const toggle = (day: number) =>
    onChange({ ...window, days: days.includes(day) ? days.filter((one) => one !== day) : [...days, day] });
  return (
    <fieldset className="window">
      <legend>Begins with machines only on these days (at any time unless one is ticked)</legend>
      <div className="choices">
        {dayNames.map((name, index) => (
          <label key={name} className="tick">
            <input type="checkbox" checked={days.includes(index + 1)} onChange={() => toggle(index + 1)} />
            {name}
          </label>
        ))}
      </div>
      <div className="choices">
        <label>
          From{' '}
          <input
            type="time"
            required
            value={from}
            onChange={({ target }) => onChange({ ...window, from: target.value })}
          />
        </label>
        <label>
          To{' '}
          <input type="time" required value={to} onChange={({ target }) => onChange({ ...window, to: target.value })} />
        </label>
        <span className="quiet">{zone()}</span>
      </div>
    </fieldset>
  );
}
