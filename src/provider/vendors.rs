//! The table of vendors.

use super::openai::quirks::{CallIds, Quirks, Replay};
use super::registry::{CredentialKind, KeyEnv, ProviderInfo};

const fn key(name: &'static str) -> KeyEnv {
    KeyEnv {
        name,
        kind: CredentialKind::ApiKey,
    }
}

/// What most vendors have in common.
const CLOUD: ProviderInfo = ProviderInfo {
    id: "",
    name: "",
    wire: "openai_chat",
    base_url: "",
    key_env: &[],
    base_url_env: &[],
    key_flag: "--api-key",
    key_page: "",
    local: false,
    quirks: Quirks::PLAIN,
};

/// What servers on this machine have in common. The first token may take minutes
/// while a prompt is read, and reasoning goes back in the field it came in.
const LOCAL: ProviderInfo = ProviderInfo {
    local: true,
    quirks: Quirks {
        replay: Replay::AsSent,
        idle: 1800,
        ..Quirks::PLAIN
    },
    ..CLOUD
};

/// Morph, whose models merge sketches of edits; it serves no conversation here.
pub static MORPH: ProviderInfo = ProviderInfo {
    id: "morph",
    name: "Morph",
    base_url: "https://api.morphllm.com/v1",
    key_env: &[key("MORPH_API_KEY")],
    base_url_env: &["MORPH_BASE_URL"],
    key_flag: "--morph-api-key",
    key_page: "https://morphllm.com/dashboard/api-keys",
    ..CLOUD
};

/// Every vendor; the first one with a key is used when none is named.
pub static PROVIDERS: &[ProviderInfo] = &[
    ProviderInfo {
        id: "anthropic",
        name: "Anthropic",
        wire: "anthropic",
        base_url: "https://api.anthropic.com",
        key_env: &[
            key("ANTHROPIC_API_KEY"),
            KeyEnv {
                name: "ANTHROPIC_AUTH_TOKEN",
                kind: CredentialKind::Token,
            },
        ],
        base_url_env: &["ANTHROPIC_BASE_URL"],
        key_page: "https://platform.claude.com/settings/keys",
        ..CLOUD
    },
    ProviderInfo {
        id: "openai",
        name: "OpenAI",
        wire: "openai_responses",
        base_url: "https://api.openai.com/v1",
        key_env: &[key("OPENAI_API_KEY")],
        base_url_env: &["OPENAI_BASE_URL"],
        key_flag: "--openai-api-key",
        key_page: "https://platform.openai.com/api-keys",
        quirks: Quirks {
            cache_key: true,
            parallel: true,
            encrypted: true,
            freeform: true,
            ..Quirks::PLAIN
        },
        ..CLOUD
    },
    ProviderInfo {
        id: "gemini",
        name: "Google Gemini",
        wire: "gemini",
        base_url: "https://generativelanguage.googleapis.com/v1beta",
        key_env: &[key("GEMINI_API_KEY"), key("GOOGLE_API_KEY")],
        base_url_env: &["GEMINI_BASE_URL"],
        key_page: "https://aistudio.google.com/apikey",
        ..CLOUD
    },
    ProviderInfo {
        id: "xai",
        name: "xAI",
        wire: "openai_responses",
        base_url: "https://api.x.ai/v1",
        key_env: &[key("XAI_API_KEY")],
        base_url_env: &["XAI_BASE_URL"],
        key_page: "https://console.x.ai",
        quirks: Quirks {
            cache_key: true,
            parallel: true,
            encrypted: true,
            idle: 900,
            ..Quirks::PLAIN
        },
        ..CLOUD
    },
    ProviderInfo {
        id: "perplexity",
        name: "Perplexity",
        wire: "openai_responses",
        base_url: "https://api.perplexity.ai/v1",
        key_env: &[key("PERPLEXITY_API_KEY")],
        base_url_env: &["PERPLEXITY_BASE_URL"],
        key_page: "https://www.perplexity.ai/settings/api",
        ..CLOUD
    },
    ProviderInfo {
        id: "groq",
        name: "Groq",
        base_url: "https://api.groq.com/openai/v1",
        key_env: &[key("GROQ_API_KEY")],
        base_url_env: &["GROQ_BASE_URL"],
        key_page: "https://console.groq.com/keys",
        quirks: Quirks {
            limit: "max_completion_tokens",
            ..Quirks::PLAIN
        },
        ..CLOUD
    },
    ProviderInfo {
        id: "openrouter",
        name: "OpenRouter",
        base_url: "https://openrouter.ai/api/v1",
        key_env: &[key("OPENROUTER_API_KEY")],
        base_url_env: &["OPENROUTER_BASE_URL"],
        key_page: "https://openrouter.ai/settings/keys",
        quirks: Quirks {
            replay: Replay::AsSent,
            cache_marks: true,
            ..Quirks::PLAIN
        },
        ..CLOUD
    },
    ProviderInfo {
        id: "mistral",
        name: "Mistral",
        base_url: "https://api.mistral.ai/v1",
        key_env: &[key("MISTRAL_API_KEY")],
        base_url_env: &["MISTRAL_BASE_URL"],
        key_page: "https://console.mistral.ai/api-keys",
        quirks: Quirks {
            stream_options: false,
            cache_key: true,
            ids: CallIds::Nine,
            replay: Replay::AsSent,
            bridge: true,
            ..Quirks::PLAIN
        },
        ..CLOUD
    },
    ProviderInfo {
        id: "deepseek",
        name: "DeepSeek",
        base_url: "https://api.deepseek.com",
        key_env: &[key("DEEPSEEK_API_KEY")],
        base_url_env: &["DEEPSEEK_BASE_URL"],
        key_page: "https://platform.deepseek.com/api_keys",
        quirks: Quirks {
            replay: Replay::Required,
            ..Quirks::PLAIN
        },
        ..CLOUD
    },
    ProviderInfo {
        id: "together",
        name: "Together AI",
        base_url: "https://api.together.xyz/v1",
        key_env: &[key("TOGETHER_API_KEY")],
        base_url_env: &["TOGETHER_BASE_URL"],
        key_page: "https://api.together.ai/settings/api-keys",
        quirks: Quirks {
            replay: Replay::AsSent,
            ..Quirks::PLAIN
        },
        ..CLOUD
    },
    ProviderInfo {
        id: "fireworks",
        name: "Fireworks",
        base_url: "https://api.fireworks.ai/inference/v1",
        key_env: &[key("FIREWORKS_API_KEY")],
        base_url_env: &["FIREWORKS_BASE_URL"],
        key_page: "https://app.fireworks.ai/settings/users/api-keys",
        quirks: Quirks {
            replay: Replay::AsSent,
            ..Quirks::PLAIN
        },
        ..CLOUD
    },
    ProviderInfo {
        id: "cohere",
        name: "Cohere",
        base_url: "https://api.cohere.ai/compatibility/v1",
        key_env: &[key("COHERE_API_KEY"), key("CO_API_KEY")],
        base_url_env: &["COHERE_BASE_URL"],
        key_page: "https://dashboard.cohere.com/api-keys",
        quirks: Quirks {
            stream_options: false,
            ..Quirks::PLAIN
        },
        ..CLOUD
    },
    ProviderInfo {
        id: "moonshot",
        name: "Moonshot",
        base_url: "https://api.moonshot.ai/v1",
        key_env: &[key("MOONSHOT_API_KEY")],
        base_url_env: &["MOONSHOT_BASE_URL"],
        key_page: "https://platform.moonshot.ai/console/api-keys",
        quirks: Quirks {
            replay: Replay::Required,
            ..Quirks::PLAIN
        },
        ..CLOUD
    },
    ProviderInfo {
        id: "zai",
        name: "Z.ai",
        base_url: "https://api.z.ai/api/paas/v4",
        key_env: &[key("ZAI_API_KEY")],
        base_url_env: &["ZAI_BASE_URL"],
        key_page: "https://z.ai/manage-apikey/apikey-list",
        quirks: Quirks {
            replay: Replay::AsSent,
            ..Quirks::PLAIN
        },
        ..CLOUD
    },
    ProviderInfo {
        id: "cerebras",
        name: "Cerebras",
        base_url: "https://api.cerebras.ai/v1",
        key_env: &[key("CEREBRAS_API_KEY")],
        base_url_env: &["CEREBRAS_BASE_URL"],
        key_page: "https://cloud.cerebras.ai",
        quirks: Quirks {
            limit: "max_completion_tokens",
            ..Quirks::PLAIN
        },
        ..CLOUD
    },
    ProviderInfo {
        id: "ollama",
        name: "Ollama",
        wire: "ollama",
        base_url: "http://127.0.0.1:11434",
        key_env: &[key("OLLAMA_API_KEY")],
        base_url_env: &["OLLAMA_HOST"],
        ..LOCAL
    },
    ProviderInfo {
        id: "lmstudio",
        name: "LM Studio",
        base_url: "http://localhost:1234/v1",
        key_env: &[key("LMSTUDIO_API_KEY")],
        base_url_env: &["LMSTUDIO_BASE_URL"],
        ..LOCAL
    },
    ProviderInfo {
        id: "llamacpp",
        name: "llama.cpp",
        base_url: "http://localhost:8080/v1",
        key_env: &[key("LLAMACPP_API_KEY")],
        base_url_env: &["LLAMACPP_BASE_URL"],
        ..LOCAL
    },
    ProviderInfo {
        id: "vllm",
        name: "vLLM",
        base_url: "http://localhost:8000/v1",
        key_env: &[key("VLLM_API_KEY")],
        base_url_env: &["VLLM_BASE_URL"],
        ..LOCAL
    },
    ProviderInfo {
        id: "jan",
        name: "Jan",
        base_url: "http://localhost:1337/v1",
        key_env: &[key("JAN_API_KEY")],
        base_url_env: &["JAN_BASE_URL"],
        ..LOCAL
    },
    ProviderInfo {
        id: "localai",
        name: "LocalAI",
        base_url: "http://localhost:8080/v1",
        key_env: &[key("LOCALAI_API_KEY")],
        base_url_env: &["LOCALAI_BASE_URL"],
        ..LOCAL
    },
    ProviderInfo {
        id: "scripted",
        name: "recorded script",
        wire: "scripted",
        ..CLOUD
    },
];
