/** Addresses of controllers, as inventories write them. */

/** What Metal3 and Ironic put before the address of a controller that speaks Redfish. */
const redfishDrivers =
  /^(redfish|redfish-virtualmedia|redfish-uefihttp|idrac-redfish|idrac-virtualmedia|ilo5-redfish|ilo5-virtualmedia)$/;

/**
 * The origin of a controller, of its address alone (`10.0.9.12`, `10.0.9.12/24`), of a URL with the path of its system, or of
 * a driver's form (`redfish-virtualmedia+https://…`); or why there is none, as a sentence goes on.
 */
export function originOfController(text: string): { readonly origin: string } | { readonly why: string } {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9-]*(?:\+https?)?):\/\/(.*)$/i.exec(text.trim()) ?? [];
  if (scheme === '') return read(`https://${text.trim().replace(/\/\d{1,3}$/, '')}`);
  const [driver = '', transport] = scheme.toLowerCase().split('+');
  if (/^https?$/.test(driver)) return read(`${driver}://${rest}`);
  if (redfishDrivers.test(driver)) return read(`${transport ?? 'https'}://${rest}`);
  return { why: `is for the driver ${driver.slice(0, 40)}, and Farrier speaks Redfish` };
}

function read(address: string): { readonly origin: string } | { readonly why: string } {
  const url = URL.parse(address);
  if (url === null || url.hostname === '') return { why: 'is not an address like 10.0.9.12 or https://10.0.9.12' };
  if (url.username !== '' || url.password !== '') return { why: 'has a name or a password in it' };
  return { origin: url.origin };
}
