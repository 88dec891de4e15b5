/** A foreseeable problem of the machine Farrier runs on; the message is one sentence for the person at the terminal. */
export class Trouble extends Error {
  override readonly name = 'Trouble';
}

/** What went wrong in a folder, by the code of the system call; null when the code says nothing a person can act on. */
export function folderTrouble(folder: string, error: unknown): Trouble | null {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new Trouble(`the disk that holds ${folder} is full`);
  if (code === 'EACCES' || code === 'EPERM') return new Trouble(`${folder} cannot be read and written by this user`);
  if (code === 'EROFS') return new Trouble(`${folder} is on a read-only file system`);
  if (code === 'ENOTDIR' || code === 'EEXIST') return new Trouble(`${folder} is in the way: it is not a folder`);
  return null;
}
