interface Node {
  key: string
  older: Node | undefined
  newer: Node | undefined
}

/**
 * Keys by when they came, the oldest at hand. A Map knows that order too, and takes longer to come to its first key the more
 * before it are gone.
 */
export class Ages {
  readonly #nodes = new Map<string, Node>()
  #oldest: Node | undefined
  #newest: Node | undefined

  get oldest(): string | undefined {
    return this.#oldest?.key
  }

  /** from now on it is the newest */
  add(key: string): void {
    this.delete(key)
    const node: Node = { key, older: this.#newest, newer: undefined }
    if (this.#newest) this.#newest.newer = node
    else this.#oldest = node
    this.#newest = node
    this.#nodes.set(key, node)
  }

  delete(key: string): void {
    const node = this.#nodes.get(key)
    if (node === undefined) return
    this.#nodes.delete(key)
    if (node.older) node.older.newer = node.newer
    else this.#oldest = node.newer
    if (node.newer) node.newer.older = node.older
    else this.#newest = node.older
  }
}
