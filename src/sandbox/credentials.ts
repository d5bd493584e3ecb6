import { join } from 'node:path'
import { z } from 'zod'
import type { EmbeddedPostgres } from '../db/embedded-postgres.ts'
import { publicUrl } from './environment.ts'
import { SandboxFault } from './fault.ts'
import { writePrivately } from './folder.ts'
import type { Settings } from './settings.ts'
import type { Sample } from './simulator.ts'

const tokenAnswer = z.object({ access_token: z.string(), expires_in: z.number() })

const descriptions = {
  analyst: 'May remediate in its own tenant',
  reader: 'May only read, in its own tenant',
  partner: 'Technician of a partner that looks after several tenants',
  integration: 'An API key: reads, imports and blocks ordinary users',
  stranger: 'A valid token, with access to nothing',
}

/**
 * Writes `credentials.json` and writes it again, with new tokens, when half the life of the old ones is over, until what it
 * answers with is called. A renewal that fails is tried again after a few seconds.
 */
export async function keepCredentials(of: {
  settings: Settings
  postgres: EmbeddedPostgres
  simulator: Sample
  apiKey: string
}): Promise<() => void> {
  const { settings, postgres, simulator } = of
  const { analyst, reader, partner, stranger } = simulator.personas
  let timer: NodeJS.Timeout | undefined
  let ended = false

  async function write(): Promise<number> {
    const tokens = await Promise.all([analyst, reader, partner, stranger].map((who) => tokenOf(simulator.url, who)))
    const [ofAnalyst, ofReader, ofPartner, ofStranger] = tokens.map((token) => `Bearer ${token.access_token}`)
    const credentials = {
      graphqlUrl: `${publicUrl(settings)}/graphql`,
      simulatorUrl: simulator.url,
      caFile: simulator.caFile,
      databaseUrl: postgres.appUrl,
      databaseOwnerUrl: postgres.ownerUrl,
      tenants: simulator.tenants,
      personas: {
        analyst: { authorization: ofAnalyst, description: `${analyst.name}. ${descriptions.analyst}` },
        reader: { authorization: ofReader, description: `${reader.name}. ${descriptions.reader}` },
        partner: { authorization: ofPartner, description: `${partner.name}. ${descriptions.partner}` },
        integration: { authorization: `Bearer ${of.apiKey}`, description: descriptions.integration },
        stranger: { authorization: ofStranger, description: `${stranger.name}. ${descriptions.stranger}` },
      },
    }
    writePrivately(credentialsPath(settings.folder), `${JSON.stringify(credentials, null, 2)}\n`)
    return Math.min(...tokens.map((token) => token.expires_in))
  }

  function renewAfter(seconds: number): void {
    if (ended) return
    timer = setTimeout(async () => {
      const life = await write().catch(() => 10)
      renewAfter(life / 2)
    }, seconds * 1000).unref()
  }

  renewAfter((await write()) / 2)
  return () => {
    ended = true
    clearTimeout(timer)
  }
}

export const credentialsPath = (folder: string) => join(folder, 'credentials.json')

async function tokenOf(simulatorUrl: string, { tenantId, userId }: { tenantId: string; userId: string }) {
  const answer = await fetch(`${simulatorUrl}/control/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tenantId, userId }),
  })
  if (!answer.ok) throw new SandboxFault(`The simulator gave no token: ${answer.status} ${await answer.text()}`)
  return tokenAnswer.parse(await answer.json())
}
