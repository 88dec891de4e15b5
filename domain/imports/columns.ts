/** Fields of Farrier's own inventory, as it is exported and read again. */

/** What a machine is: read again by an import. */
export const inventoryColumns = ['mac', 'macs', 'name', 'rack', 'unit', 'slot', 'serial', 'bmc', 'secret'] as const;

/** How it stands: told by an export, and never changed by an import. */
export const stateColumns = [
  ...['id', 'hostname', 'address', 'stage', 'op_state', 'boot_state', 'repair_state', 'pool', 'owner'],
  ...['vendor', 'product', 'required_image', 'observed_image', 'in_service_at'],
] as const;

/** Before the name of a tag in the columns of a table. */
export const tagColumn = 'tag.';
