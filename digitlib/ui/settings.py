"""The settings of a training, as widgets."""

import streamlit as st

from digitlib.runs.catalogue import NetworkDescription
from digitlib.runs.config import LIMITS, OPTIMISERS, TrainingConfig
from digitlib.ui.loaders import load_networks

NAMES = {"adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop", "sgd": "SGD"}


def choose_network() -> NetworkDescription:
    """Show the networks there are and return the chosen one."""
    networks = load_networks()
    name = st.selectbox(
        "Network",
        list(networks),
        index=list(networks).index("dense") if "dense" in networks else 0,
        key="network",
        persist_state="session",
    )
    return networks[name]


def choose_config(network: NetworkDescription) -> TrainingConfig:
    """Show the settings, at the network's own defaults, and return what they are set to."""
    defaults = network.defaults
    epochs, digits, augmentation, more = st.columns(
        [3, 3, 2, 2], vertical_alignment="bottom", gap="medium"
    )
    changes = {
        "epochs": epochs.slider("Epochs", 1, 30, **_widget(network, "epochs")),
        "training_digits": digits.slider(
            "Training digits",
            1_000,
            LIMITS["training_digits"][1],
            step=1_000,
            format="localized",
            **_widget(network, "training_digits"),
        ),
        "augmentation": augmentation.toggle(
            "Augmentation",
            help="Turn, move and scale the digits a little, anew in every epoch.",
            **_widget(network, "augmentation"),
        ),
    }
    with more.popover("More settings", icon=":material/tune:", width="stretch"):
        changes |= {
            "batch_size": st.select_slider(
                "Batch size",
                [8, 16, 32, 64, 128, 256, 512, 1024],
                help="How many digits it looks at before it changes its weights.",
                **_widget(network, "batch_size"),
            ),
            "learning_rate": st.number_input(
                "Learning rate",
                *LIMITS["learning_rate"],
                format="%g",
                step=1e-4,
                help="How large its steps are: too small and it crawls, too large and it stumbles.",
                **_widget(network, "learning_rate"),
            ),
            "optimiser": st.selectbox(
                "Optimiser",
                OPTIMISERS,
                format_func=NAMES.get,
                key=f"{network.name}-optimiser",
                persist_state="session",
                index=OPTIMISERS.index(defaults.optimiser),
            ),
            "seed": st.number_input(
                "Seed",
                *LIMITS["seed"],
                step=1,
                help="The same seed and settings give the same network.",
                **_widget(network, "seed"),
            ),
        }
        if network.uses_dropout:
            changes["dropout"] = st.slider(
                "Dropout",
                *LIMITS["dropout"],
                step=0.05,
                help="The share of units that sit out each step, so that none is relied on alone.",
                **_widget(network, "dropout"),
            )
    return TrainingConfig.from_dict(defaults.to_dict() | changes)


def _widget(network: NetworkDescription, setting: str) -> dict:
    """Return what each setting's widget has in common; every network has settings of its own."""
    return {
        "value": getattr(network.defaults, setting),
        "key": f"{network.name}-{setting}",
        "persist_state": "session",
    }
