import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { type Certificates, createCertificates } from '../../simulator/certificates.ts'
import type { Fault, JournalEntry } from '../../simulator/engine-types.ts'
import type { FaultHandle } from '../../simulator/faults.ts'
import type { TokenRequest } from '../../simulator/login/issue.ts'
import { sampleWorld } from '../../simulator/sample/world.ts'
import { createSimulator, type Simulator, type SimulatorOptions } from '../../simulator/server.ts'
import type { Tenant, User, World } from '../../simulator/world.ts'
import { canary } from './canary/canary.ts'

/** A simulated Microsoft 365 over real https, in this process. */
export interface TestMicrosoft {
  /** Its origin: login, Graph (`/v1.0`), Exchange (`/adminapi`), the activity feed (`/api`) and control (`/control`) are below it. */
  url: string
  /** Its present state: read it to assert, change it to prepare. */
  world: World
  /** `smtp://127.0.0.1:…`: its mail sink; what it received is in `world.mails`. */
  smtpUrl: string
  /** PEM of the authority; this process trusts it already. */
  ca: string
  simulator: Simulator
  /** Calls received after the number. */
  journal(since?: number): JournalEntry[]
  fault(fault: Fault): FaultHandle
  /** An access token; without `audience` for the API of the world's first application that has one. */
  token(request: TokenRequest): string
  /** By id or display name. Throws when there is none. */
  tenant(name: string): Tenant
  user(id: string): User
  /** Clicks on a person of a sign-in or consent page; the answer is where the browser is sent. */
  signIn(pageUrl: string | URL, userId: string): Promise<URL>
  close(): Promise<void>
}

let certificates: Promise<Certificates> | null = null

function trustedCertificates(): Promise<Certificates> {
  certificates ??= createCertificates().then((made) => {
    setDefaultCACertificates([...getCACertificates('default'), made.ca])
    return made
  })
  return certificates
}

/** Starts a simulator on a free port of 127.0.0.1; without a world with the sample. */
export async function aMicrosoft(
  world: World = sampleWorld(),
  options: Pick<SimulatorOptions, 'now' | 'watch' | 'around' | 'auditRecords'> = {},
): Promise<TestMicrosoft> {
  const { ca, cert, key } = await trustedCertificates()
  const simulator = createSimulator({
    world,
    ...options,
    onMail: ({ from, to, subject, text, html }) =>
      canary.written('mail', to.join(', '), [from, subject, text, html ?? ''].join('\n')),
  })
  const [{ url, close }, { url: smtpUrl }] = await Promise.all([
    simulator.listen({ tls: { cert, key } }),
    simulator.mailSink.listen(),
  ])
  return {
    url,
    world: simulator.world,
    smtpUrl,
    ca,
    simulator,
    journal: simulator.journal,
    fault: simulator.fault,
    token(request) {
      const { access_token: token } = simulator.token(url, request)
      canary.secret(request.audience ? 'access token of ours for Microsoft' : 'access token of a caller', token)
      return token
    },
    tenant: (name) => found(world.tenants, ({ id, displayName }) => id === name || displayName === name, name),
    user: (id) =>
      found(
        world.tenants.flatMap(({ users }) => users),
        (user) => user.id === id,
        id,
      ),
    signIn: async (pageUrl, userId) => {
      const answer = await fetch(pageUrl, {
        method: 'POST',
        body: new URLSearchParams({ user: userId }),
        redirect: 'manual',
      })
      const location = answer.headers.get('location')
      if (!location) throw new Error(`The page answered ${answer.status}: ${await answer.text()}`)
      return new URL(location)
    },
    close: async () => {
      await Promise.all([close(), simulator.mailSink.close()])
    },
  }
}

function found<T>(list: readonly T[], fits: (item: T) => boolean, name: string): T {
  const item = list.find(fits)
  if (!item) throw new Error(`The simulated world has no ${name}.`)
  return item
}
