/** What this browser remembers for the person's comfort; nothing where storage is forbidden or full. */

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // it then lasts until the page is closed
  }
}
