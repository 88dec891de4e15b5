import { Button } from 'react-aria-components/Button';
import { Menu, MenuItem, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { type FleetColumn, fleetColumns } from './columns.ts';

interface ColumnMenuSpec {
  readonly columns: readonly FleetColumn[];
  readonly onChange: (keys: readonly string[]) => void;
}

/** Which columns are shown; the machine's name always is. */
export function ColumnMenu({ columns, onChange }: ColumnMenuSpec) {
  return (
    <MenuTrigger>
      <Button>Columns</Button>
      <Popover className="popover">
        <Menu
          aria-label="Columns"
          selectionMode="multiple"
          disallowEmptySelection
          selectedKeys={columns.map(({ key }) => key)}
          disabledKeys={['machine']}
          onSelectionChange={(chosen) =>
            onChange(fleetColumns.map(({ key }) => key).filter((key) => chosen === 'all' || chosen.has(key)))
          }
        >
          {fleetColumns.map(({ key, title }) => (
            <MenuItem key={key} id={key}>
              {title}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
