/**
 * Ports of the loopback interface: finds free ones, and says who holds a taken one. Linux only, as is the rest of the
 * stack.
 */

/** True when nobody listens on the port. */
export function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch {
    return false;
  }
}

/** A port that is free now. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

/** Who listens on the port, as words such as "deno (process 42)". */
export function holderOf(port: number): string {
  const inodes = listeningInodes(port);
  for (const entry of tryReadDir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    for (const fd of tryReadDir(`/proc/${entry}/fd`)) {
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(Deno.readLinkSync(`/proc/${entry}/fd/${fd}`))?.[1];
        if (inode && inodes.has(inode)) {
          return `${Deno.readTextFileSync(`/proc/${entry}/comm`).trim()} (process ${entry})`;
        }
      } catch {
        // The descriptor or its process is gone.
      }
    }
  }
  return "another program";
}

function listeningInodes(port: number): Set<string> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    let text = "";
    try {
      text = Deno.readTextFileSync(table);
    } catch {
      continue;
    }
    for (const line of text.split("\n")) {
      // Columns: number, local address, remote address, state (0A listens), …, inode as the tenth.
      const columns = line.trim().split(/\s+/);
      if (columns[1]?.endsWith(`:${hex}`) && columns[3] === "0A" && columns[9]) inodes.add(columns[9]);
    }
  }
  return inodes;
}

function tryReadDir(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map((entry) => entry.name);
  } catch {
    return [];
  }
}
