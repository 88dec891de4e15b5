/** The header by which the people's API says that it is Farrier's, on every answer, and its version. */
export const apiHeader = 'farrier-api';
export const apiVersion = '1';

/** Of an answer to what was kept for a second person, and not done: the id of its approval. */
export const approvalHeader = 'farrier-approval';
