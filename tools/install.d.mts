type Listing = { packages?: Record<string, Record<string, unknown>> } | undefined;

export function isInstalled(lock: Listing, installed: Listing): boolean;
