/** How often within how many minutes a machine boots that cannot stay up. */
export const bootLoop = { times: 5, minutes: 10 } as const;
