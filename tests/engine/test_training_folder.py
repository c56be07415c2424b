"""A folder with checkpoint-N folders in it is a training's; one with files called so is not."""

import pytest

from engine.training_folder import holds_series


@pytest.mark.parametrize(
    ("inside", "wanted"), [("checkpoint-500", True), ("checkpoint-final", False), ("a/checkpoint-5", False), ("", False)]
)
def test_a_training_leaves_numbered_folders(tmp_path, inside, wanted):
    (tmp_path / inside).mkdir(parents=True, exist_ok=True)
    (tmp_path / "model.safetensors").touch()
    assert holds_series(tmp_path) == wanted


def test_a_file_of_that_name_is_no_checkpoint_s_folder(tmp_path):
    (tmp_path / "checkpoint-5").touch()
    assert not holds_series(tmp_path)
    with pytest.raises(OSError, match="checkpoint-5"):
        holds_series(tmp_path / "checkpoint-5")
