/** Pages of the console: the API answers each of these addresses with it, and the console shows the page. */
export const consolePages = {
  start: '/',
  fleet: '/fleet',
  machine: '/machines/:name',
  inbox: '/inbox',
  belt: '/belt',
  racks: '/racks',
  account: '/account',
  signin: '/signin',
  campaigns: '/campaigns',
  campaign: '/campaigns/:name',
  calendar: '/calendar',
  order: '/order',
  health: '/health',
  audit: '/audit',
} as const;
export type ConsolePage = keyof typeof consolePages;
