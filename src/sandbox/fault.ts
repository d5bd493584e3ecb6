/** Something the newcomer can mend: a sentence that says what to do. */
export class SandboxFault extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SandboxFault'
  }
}
