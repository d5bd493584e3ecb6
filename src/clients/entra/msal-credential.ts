import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Configuration } from '@azure/msal-node'
import type { AppCredential } from '../tokens.ts'

type Credential = Pick<Configuration['auth'], 'clientSecret' | 'clientCertificate' | 'clientAssertion'>

/** How our application proves itself, in the library's form. Files are read anew each time: they are renewed while we run. */
export async function msalCredential(credential: AppCredential): Promise<Credential> {
  if ('secret' in credential) return { clientSecret: credential.secret }
  if ('certificatePath' in credential) {
    const pem = await readFile(credential.certificatePath, 'utf8')
    const thumbprintSha256 = new X509Certificate(pem).fingerprint256.replaceAll(':', '')
    return { clientCertificate: { thumbprintSha256, privateKey: privateKeyIn(pem) } }
  }
  const { tokenFilePath } = credential
  if (tokenFilePath === undefined) throw new Error('AZURE_FEDERATED_TOKEN_FILE is not set')
  return { clientAssertion: async () => (await readFile(tokenFilePath, 'utf8')).trim() }
}

function privateKeyIn(pem: string): string {
  const [key] = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+?-----END [A-Z ]*PRIVATE KEY-----/.exec(pem) ?? []
  if (key === undefined) throw new Error('The certificate file holds no private key')
  return key
}
