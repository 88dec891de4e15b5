/** Something that keeps the rig from working and that a person can mend; the message is one sentence that says how. */
export class RigTrouble extends Error {
  override readonly name = 'RigTrouble';
}
