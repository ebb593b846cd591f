/** What we use of it. */
declare module "@silentbot1/nat-api" {
  export default class NatApi {
    constructor(options: {
      /** Seconds. */
      ttl: number;
      description: string;
      /** Whether mappings are renewed until `destroy`. */
      autoUpdate: boolean;
    });

    /** Resolves with whether the router has done it. */
    map(options: { publicPort: number; privatePort: number; protocol: "TCP" | "UDP" }): Promise<boolean>;

    /** Takes all mappings back. */
    destroy(): Promise<void>;
  }
}
