/** The header by which the people's API says that it is Farrier's, on every answer, and its version. */
export const apiHeader = 'farrier-api';
export const apiVersion = '1';
