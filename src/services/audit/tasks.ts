/** What the worker does for the audit trail by itself. */
import type { Services } from '../../context.ts'
import { recordFault, recordVerified } from '../../db/audit-checks.ts'
import { listAllTenants } from '../../db/tenants.ts'
import { type Signing, signHead } from './signed-heads.ts'
import { verifyTrail } from './verify.ts'

/** Times in UTC. A job that is late replaces the one before it rather than adding to it. */
export const auditSchedule = `
*/10 * * * * sign-audit-heads ?max=1&jobKey=sign-audit-heads
15 3 * * * verify-audit-trails ?max=1&jobKey=verify-audit-trails
`

type Work = Signing & Pick<Services, 'log'>

export const auditTasks = (services: Work) => ({
  'sign-audit-heads': () => signHeads(services),
  'verify-audit-trails': () => verifyTrails(services),
})

/** Signs what was added to each tenant's trail since. The log has each head as well: kept elsewhere, it is one to verify against. */
export async function signHeads(services: Work): Promise<void> {
  await forEachTrail(services, async (tenantId) => {
    const signed = await signHead(services, tenantId)
    const { fault } = signed
    if (signed.head && signed.isNew) services.log.info({ head: signed.head }, 'Signed the head of an audit trail')
    else if (fault) {
      complain(services, tenantId, fault)
      await services.db.withTenants([tenantId], (tx) => recordFault(tx, tenantId, services.now(), fault))
    }
  })
}

/** The log names the first fault of each; the metrics count them. */
export async function verifyTrails(services: Work): Promise<void> {
  const { db, sealingKeys, log, now } = services
  let faults = 0
  const tenants = await forEachTrail(services, async (tenantId) => {
    const { rows, fault } = await db.withTenants([tenantId], async (tx) => {
      const found = await verifyTrail(tx, sealingKeys, tenantId)
      await recordVerified(tx, tenantId, now(), found.fault)
      return found
    })
    if (fault) {
      faults += 1
      complain({ log }, tenantId, fault)
    } else log.debug({ tenantId, rows }, 'An audit trail is sound')
  })
  log.info({ tenants, faults }, 'Verified the audit trails')
}

/** One that cannot be read keeps no other waiting; the metrics show how long ago it was verified. Answers how many there are. */
async function forEachTrail({ db, log }: Work, work: (tenantId: string) => Promise<void>): Promise<number> {
  const tenants = await db.plain(listAllTenants)
  for (const { id: tenantId } of tenants) {
    await work(tenantId).catch((error: unknown) =>
      log.error({ err: error, tenantId }, 'An audit trail could not be read; the others are'),
    )
  }
  return tenants.length
}

const complain = ({ log }: Pick<Services, 'log'>, tenantId: string, fault: { seq: number; what: string }) =>
  log.error(
    { tenantId, ...fault },
    'An audit trail is broken, and is not signed any more: run "tourniquet audit verify"',
  )
