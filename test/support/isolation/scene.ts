/** A gateway whose tenants hold data of every noun, and everybody who may call it: each sees some of the tenants, or none. */

import { userOf } from '../../../simulator/builders.ts'
import { mailBooster } from '../../../simulator/sample/apps.ts'
import { type Role, roles } from '../../../src/context.ts'
import { grantAccess, revokeAccess, upsertOperator } from '../../../src/db/operators.ts'
import type { OperatorKind } from '../../../src/services/remediations/types.ts'
import { type As, aGateway, type TestGateway } from '../gateway.ts'
import { aMicrosoft } from '../microsoft.ts'
import { aDatabase, type TestDatabase } from '../postgres.ts'
import { fill, type Keys } from './data.ts'
import { aMarkedWorld, type MarkedTenant, personOf, type Word, words } from './world.ts'

export interface Persona {
  name: string
  authorization: string
  /** Tenants in which it holds a role now. */
  sees: readonly Word[]
}

export interface IsolationScene {
  gateway: TestGateway
  database: TestDatabase
  marked: readonly MarkedTenant[]
  personas: readonly Persona[]
  /** Who is not let in at all. */
  refused: readonly Persona[]
  tenant(word: Word): MarkedTenant
  close(): Promise<void>
}

export async function anIsolationScene(): Promise<IsolationScene> {
  const { world, marked, elsewhere } = aMarkedWorld(new Date())
  const [microsoft, database] = await Promise.all([aMicrosoft(world), aDatabase()])
  const gateway = await aGateway({ microsoft, database })
  const keys = new Map<Word, Keys>()
  for (const each of marked) keys.set(each.word, await fill(gateway, database, each))
  const tenant = (word: Word): MarkedTenant => {
    const found = marked.find((each) => each.word === word)
    if (!found) throw new Error(`There is no tenant ${word}.`)
    return found
  }
  const { db } = gateway
  const [quokka, narwhal, axolotl] = words.map(tenant)
  if (!quokka || !narwhal || !axolotl) throw new Error('A tenant is missing.')

  async function granted(kind: OperatorKind, tenantId: string, externalId: string, to: MarkedTenant): Promise<string> {
    return db.withTenants([to.tenant.id], async (tx) => {
      const { id } = await upsertOperator(tx, { kind, tenantId, externalId, displayName: `${kind} of ${to.word}` })
      await grantAccess(tx, { operatorId: id, tenantId: to.tenant.id, roles, grantedBy: `Somebody of ${to.word}` })
      return id
    })
  }
  const atHome = (name: string) => ({ tenantId: elsewhere.id, userId: userOf(elsewhere, name).id })
  const [gerda, rolf, tess, stella] = ['Gerda', 'Rolf', 'Tess', 'Stella'].map(atHome)
  if (!gerda || !rolf || !tess || !stella) throw new Error('Somebody is missing.')
  await granted('PERSON', gerda.tenantId, gerda.userId, narwhal)
  const operatorId = await granted('PERSON', rolf.tenantId, rolf.userId, quokka)
  await db.withTenants([quokka.tenant.id], (tx) =>
    revokeAccess(tx, { operatorId, tenantId: quokka.tenant.id, revokedAt: new Date() }),
  )
  const { appId } = mailBooster()
  await granted('APPLICATION', axolotl.tenant.id, appId, axolotl)
  const everything: readonly Role[] = roles
  await gateway.grantPartner(
    { name: 'Partner of two', entraTenantId: elsewhere.id, members: [tess.userId] },
    [quokka, narwhal].map((each) => ({ tenantId: each.tenant.id, roles: everything })),
  )

  const persona = (name: string, as: As, ...sees: Word[]): Persona => ({
    name,
    authorization: gateway.authorizationOf(as) ?? '',
    sees,
  })
  const personas = [
    persona('analyst', personOf(quokka, 'Annika'), 'Quokka'),
    persona('reader', personOf(quokka, 'Rafael'), 'Quokka'),
    persona('person with a grant', gerda, 'Narwhal'),
    persona('partner technician', tess, 'Quokka', 'Narwhal'),
    persona('API key', keys.get('Narwhal')?.working ?? '', 'Narwhal'),
    persona('application', { tenantId: axolotl.tenant.id, appId }, 'Axolotl'),
    persona('administrator', personOf(axolotl, 'Ursula'), 'Axolotl'),
    persona('stranger', stella),
    persona('person whose grant was revoked', rolf),
  ]
  const refused = [
    persona('revoked API key', keys.get('Quokka')?.revoked ?? ''),
    persona('expired API key', keys.get('Quokka')?.expired ?? ''),
    persona('nobody', null),
  ]
  return {
    gateway,
    database,
    marked,
    personas,
    refused,
    tenant,
    async close() {
      await gateway.close()
      await microsoft.close()
      await database.drop()
    },
  }
}
