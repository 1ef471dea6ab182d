"""The settings of a training, as widgets."""

import streamlit as st

from digitlib.runs.catalogue import NetworkDescription
from digitlib.runs.config import LIMITS, OPTIMISERS, TrainingConfig
from digitlib.runs.schedule import SCHEDULES
from digitlib.ui.augmentation import choose_augmentation
from digitlib.ui.loaders import load_networks

NAMES = {
    "adam": "Adam",
    "adamw": "AdamW",
    "momentum": "SGD with momentum",
    "rmsprop": "RMSprop",
    "sgd": "SGD",
    "constant": "Constant",
    "steps": "Steps",
    "cosine": "Cosine",
    "one-cycle": "One cycle",
}


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
        [3, 3, 3, 2], vertical_alignment="bottom", gap="medium"
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
    }
    with augmentation:
        changes |= choose_augmentation(network)
    with more.popover("More settings", icon=":material/tune:", width="stretch"):
        left, right = st.columns(2)
        changes |= {
            "batch_size": left.select_slider(
                "Batch size",
                [8, 16, 32, 64, 128, 256, 512, 1024],
                help="How many digits it looks at before it changes its weights.",
                **_widget(network, "batch_size"),
            ),
            "learning_rate": left.number_input(
                "Learning rate",
                *LIMITS["learning_rate"],
                format="%g",
                step=1e-4,
                help="How large its steps are: too small and it crawls, too large and it stumbles.",
                **_widget(network, "learning_rate"),
            ),
            "schedule": left.selectbox(
                "Schedule",
                list(SCHEDULES),
                help="How the learning rate goes: the same all the while, down in steps, down "
                "along half a wave, or up for a quarter of the training and then down.",
                **_choice(network, "schedule", list(SCHEDULES)),
            ),
            "optimiser": left.selectbox(
                "Optimiser", OPTIMISERS, **_choice(network, "optimiser", OPTIMISERS)
            ),
            "weight_decay": right.number_input(
                "Weight decay",
                *LIMITS["weight_decay"],
                format="%g",
                step=1e-3,
                help="How fast weights that are not needed fade.",
                **_widget(network, "weight_decay"),
            ),
            "label_smoothing": right.number_input(
                "Label smoothing",
                *LIMITS["label_smoothing"],
                format="%g",
                step=0.05,
                help="How much of the truth is spread over all ten digits, against being too sure.",
                **_widget(network, "label_smoothing"),
            ),
            "weight_average": right.number_input(
                "Weight average",
                *LIMITS["weight_average"],
                format="%g",
                step=1e-3,
                help="Keeps a mean of the weights of the last steps: 0.999 of some thousand, 0 of "
                "none.",
                **_widget(network, "weight_average"),
            ),
            "seed": right.number_input(
                "Seed",
                *LIMITS["seed"],
                step=1,
                help="The same seed and settings give the same network.",
                **_widget(network, "seed"),
            ),
            "mixed_precision": right.toggle(
                "Mixed precision",
                help="Multiplies with 8 binary digits instead of 24, where the processor can: "
                "large networks learn in half the time. The weights keep all digits.",
                **_widget(network, "mixed_precision"),
            ),
        }
        if network.uses_dropout:
            changes["dropout"] = left.slider(
                "Dropout",
                *LIMITS["dropout"],
                step=0.05,
                help="The share of units that sit out each step, so that none is relied on alone.",
                **_widget(network, "dropout"),
            )
    return TrainingConfig.from_dict(defaults.to_dict() | changes)


def _choice(network: NetworkDescription, setting: str, names) -> dict:
    return {
        "index": list(names).index(getattr(network.defaults, setting)),
        "format_func": NAMES.get,
        "key": f"{network.name}-{setting}",
        "persist_state": "session",
    }


def _widget(network: NetworkDescription, setting: str) -> dict:
    """Return what each setting's widget has in common; every network has settings of its own."""
    return {
        "value": getattr(network.defaults, setting),
        "key": f"{network.name}-{setting}",
        "persist_state": "session",
    }
