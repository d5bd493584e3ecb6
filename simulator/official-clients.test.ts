/** Microsoft's own libraries accept the login as it is. */
import { ClientSecretCredential } from '@azure/identity'
import { ConfidentialClientApplication, CryptoProvider } from '@azure/msal-node'
import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { aMicrosoft } from '../test/support/microsoft.ts'
import { anApplication, aTenant, aWorld, person, userOf, withApp } from './builders.ts'

const redirectUri = 'http://localhost:4000/callback'
const app = anApplication({ permissions: ['User.Read.All'] })
const secret = app.secrets[0] ?? ''

test('@azure/identity gets an application token', async () => {
  const contoso = aTenant({})
  withApp(contoso, app)
  const microsoft = await aMicrosoft(aWorld({ tenants: [contoso], applications: [app] }))
  const credential = new ClientSecretCredential(contoso.id, app.appId, secret, {
    authorityHost: microsoft.url,
    disableInstanceDiscovery: true,
  })
  const { token } = await credential.getToken('https://graph.microsoft.com/.default')
  expect(decodeJwt(token).roles).toEqual(['User.Read.All'])
  await microsoft.close()
})

test('@azure/msal-node signs a person in with code, PKCE, state and nonce', async () => {
  const contoso = aTenant({ people: [person('Ada')] })
  withApp(contoso, app, { delegated: ['User.Read.All'] })
  const microsoft = await aMicrosoft(aWorld({ tenants: [contoso], applications: [app] }))
  const msal = new ConfidentialClientApplication({
    auth: {
      clientId: app.appId,
      clientSecret: secret,
      authority: `${microsoft.url}/${contoso.id}`,
      knownAuthorities: [new URL(microsoft.url).host],
    },
  })
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes()
  const request = { scopes: ['https://graph.microsoft.com/User.Read.All'], redirectUri }
  const url = await msal.getAuthCodeUrl({
    ...request,
    state: 'a-state',
    nonce: 'a-nonce',
    codeChallenge: challenge,
    codeChallengeMethod: 'S256',
  })
  const back = await microsoft.signIn(url, userOf(contoso, 'Ada').id)
  const code = back.searchParams.get('code') ?? ''
  const result = await msal.acquireTokenByCode({ ...request, code, codeVerifier: verifier, nonce: 'a-nonce' })
  expect(result.account?.username).toBe('ada@contoso.com')
  expect(decodeJwt(result.accessToken).scp).toBe('User.Read.All')
  await microsoft.close()
})
