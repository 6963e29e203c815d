export declare const KUBERNETES_VERSIONS: readonly string[];
export declare function helm(): Promise<string>;
export declare function kubeconform(): Promise<string>;
export declare function hadolint(): Promise<string>;
export declare function schemas(): Promise<string>;
export declare function promtool(): Promise<string>;
