/** Names of BIOS settings that are passwords: neither kept nor wanted. Recorded controllers list them beside the others. */
export const secretSetting = /passw|passphrase|secret/i;
