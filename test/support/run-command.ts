/**
 * Running a command in this process: what it printed and its exit code.
 *
 * @module
 */
import { vi } from 'vitest';

export interface RanHere {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command with both outputs caught; errors go on to the caller. */
export async function runHere(
  command: (args: readonly string[]) => Promise<number>,
  ...args: readonly string[]
): Promise<RanHere> {
  const [out, err]: [string[], string[]] = [[], []];
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0),
  ];
  try {
    const code = await command(args);
    return { code, stdout: out.join(''), stderr: err.join('') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
