/** The fake Microsoft 365 of the benchmarks, as its parent sees it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { createCertificates } from '../../simulator/certificates.ts'
import type { TokenRequest } from '../../simulator/login/issue.ts'
import type { World } from '../../simulator/world.ts'
import { startChild } from '../child.ts'
import type { Entry, Order, Settings } from './process.ts'

export interface Upstream {
  url: string
  /** PEM of its authority. */
  caFile: string
  set(settings: Partial<Settings>): Promise<void>
  /** What was asked since the last time, while the journal was on. */
  journal(): Promise<Entry[]>
  token(request: TokenRequest): Promise<string>
  stop(): Promise<void>
}

export async function startUpstream(world: World): Promise<Upstream> {
  const folder = mkdtempSync(join(tmpdir(), 'tourniquet-bench-ca-'))
  const caFile = join(folder, 'ca.pem')
  const { ca, cert, key } = await createCertificates()
  writeFileSync(caFile, ca)
  setDefaultCACertificates([...getCACertificates('default'), ca])
  const child = startChild([join(import.meta.dirname, 'process.ts')])
  const order = <T>(given: Order) => child.ask<T>({ order: given })
  const url = await order<string>({ order: 'start', world, tls: { cert, key } })
  return {
    url,
    caFile,
    set: (settings) => order({ order: 'settings', settings }),
    journal: () => order({ order: 'journal' }),
    token: (request) => order({ order: 'token', request }),
    async stop() {
      await child.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
