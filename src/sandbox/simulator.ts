import { join, resolve } from 'node:path'
import { z } from 'zod'
import { type Child, startChild } from './children.ts'
import { plainEnvironment } from './environment.ts'
import { SandboxFault } from './fault.ts'
import type { Settings } from './settings.ts'

const person = z.object({ tenantId: z.string(), userId: z.string(), name: z.string() })

/** The line that the simulator prints when it listens: where it is, and what its sample holds. */
const readyLine = z.object({
  url: z.string(),
  caFile: z.string(),
  clientId: z.string(),
  clientSecret: z.string(),
  smtpUrl: z.string(),
  tenants: z.array(z.object({ id: z.string(), name: z.string() })),
  partner: z.object({ tenantId: z.string(), name: z.string() }),
  personas: z.object({ analyst: person, reader: person, partner: person, stranger: person }),
})
export type Sample = z.infer<typeof readyLine>
export interface RunningSimulator extends Sample {
  child: Child
}

const entry = resolve(import.meta.dirname, '../../simulator/main.ts')

/** Starts the simulated Microsoft 365; `onStart` gets the process at once, so that it can be stopped while it starts. */
export async function startSimulator(
  { folder, simulatorPort, liveEverySeconds }: Settings,
  onStart: (child: Child) => void,
): Promise<RunningSimulator> {
  let listening = (_line: string) => {}
  const firstLine = new Promise<string>((done) => {
    listening = done
  })
  const live = liveEverySeconds === null ? [] : ['--live', String(liveEverySeconds)]
  const child = startChild({
    folder,
    name: 'simulator',
    args: [entry, '--port', String(simulatorPort), '--dir', join(folder, 'simulator'), '--sample', ...live],
    env: plainEnvironment(),
    onLine: (line) => listening(line),
  })
  onStart(child)
  const line = await Promise.race([
    firstLine,
    child.ended.then((how) => {
      throw new SandboxFault(`The simulator ${how}. Its last lines:\n\n${child.lastLines()}\n`)
    }),
  ])
  return { ...readyLine.parse(JSON.parse(line)), child }
}
