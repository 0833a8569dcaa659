"""Checkpoints of the official code: the same weights through the sam2 package and through transformers."""

import re
import sys
from importlib.resources import files

import numpy as np
import pytest
import torch

from core.errors import RefavsError
from core.segment.protocol import Click, Prompts

SIDE = 128

# official name -> name in transformers, applied in this order to every parameter's name
NAMES = [
    (r"^image_encoder\.trunk\.", "vision_encoder.backbone."),
    (r"^image_encoder\.neck\.convs\.(\d)\.conv\.", r"vision_encoder.neck.convs.\1."),
    (r"\.pe_layer\.positional_encoding_gaussian_matrix", ".shared_embedding.positional_embedding"),
    (r"^sam_prompt_encoder\.mask_downscaling\.", "prompt_encoder.mask_embed."),
    (r"^sam_prompt_encoder\.", "prompt_encoder."),
    (r"^sam_mask_decoder\.output_upscaling\.0", "mask_decoder.upscale_conv1"),
    (r"^sam_mask_decoder\.output_upscaling\.1", "mask_decoder.upscale_layer_norm"),
    (r"^sam_mask_decoder\.output_upscaling\.3", "mask_decoder.upscale_conv2"),
    (r"^sam_mask_decoder\.", "mask_decoder."),
    (r"mask_embed\.0\.", "mask_embed.conv1."),
    (r"mask_embed\.1\.", "mask_embed.layer_norm1."),
    (r"mask_embed\.3\.", "mask_embed.conv2."),
    (r"mask_embed\.4\.", "mask_embed.layer_norm2."),
    (r"mask_embed\.6\.", "mask_embed.conv3."),
    (r"^obj_ptr_proj\.", "object_pointer_proj."),
    (r"^obj_ptr_tpos_proj\.", "temporal_positional_encoding_projection_layer."),
    (r"^no_obj_embed_spatial", "occlusion_spatial_embedding_parameter"),
    (r"^no_obj_ptr", "no_object_pointer"),
    (r"^no_mem_embed", "no_memory_embedding"),
    (r"^no_mem_pos_enc", "no_memory_positional_encoding"),
    (r"^maskmem_tpos_enc", "memory_temporal_positional_encoding"),
    (r"patch_embed\.proj\.", "patch_embed.projection."),
    (r"(\.mlp\.)layers\.0\.", r"\1proj_in."),
    (r"(\.mlp\.)layers\.1\.", r"\1proj_out."),
    (r"((?:hypernetworks_mlps\.\d|_head|object_pointer_proj)\.)layers\.0\.", r"\1proj_in."),
    (r"((?:hypernetworks_mlps\.\d|_head|object_pointer_proj)\.)layers\.1\.", r"\1layers.0."),
    (r"((?:hypernetworks_mlps\.\d|_head|object_pointer_proj)\.)layers\.2\.", r"\1proj_out."),
    (r"memory_encoder\.out_proj\.", "memory_encoder.projection."),
    (r"\.out_proj\.", ".o_proj."),
    (r"\.norm_final_attn", ".layer_norm_final_attn"),
    (r"\.norm(\d?)\.", r".layer_norm\1."),
    (r"memory_encoder\.pix_feat_proj", "memory_encoder.feature_projection"),
    (r"memory_encoder\.fuser", "memory_encoder.memory_fuser"),
    (r"\.gamma", ".scale"),
    (r"\.dwconv", ".depthwise_conv"),
    (r"\.pwconv", ".pointwise_conv"),
    (r"mask_downsampler\.encoder\.12\.", "mask_downsampler.final_conv."),
]  # fmt: skip


def renamed(state):
    """The official parameters under the names of transformers."""
    found = {}
    for name, value in state.items():
        for pattern, new in NAMES:
            name = re.sub(pattern, new, name)
        layer = re.match(r"(memory_encoder\.mask_downsampler\.)encoder\.(\d+)(\..*)", name)
        if layer:  # convolution, norm, activation, four times
            step, part = divmod(int(layer[2]), 3)
            name = f"{layer[1]}layers.{step}.{('conv', 'layer_norm')[part]}{layer[3]}"
        found[name] = value
    found["prompt_encoder.point_embed.weight"] = torch.cat(
        [found.pop(f"prompt_encoder.point_embeddings.{k}.weight") for k in range(4)]
    )
    found["shared_image_embedding.positional_embedding"] = found[
        "prompt_encoder.shared_embedding.positional_embedding"
    ]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A checkpoint with random weights and its config: sam2's own for SAM 2.1 tiny, at 128 pixels."""
    pytest.importorskip("sam2")
    from sam2.build_sam import build_sam2

    torch.manual_seed(0)
    model = build_sam2(
        "configs/sam2.1/sam2.1_hiera_t.yaml",
        device="cpu",
        hydra_overrides_extra=[f"++model.image_size={SIDE}"],
    )
    with torch.no_grad():
        for name, weight in model.named_parameters():  # parameters that start at zero would hide what they do
            if not weight.any():
                weight.normal_(0, 0.02)
            if name == "sam_mask_decoder.pred_obj_score_head.layers.2.bias":
                weight.fill_(1.0)
    place = tmp_path_factory.mktemp("official")
    torch.save({"model": model.state_dict()}, place / "tuned.pt")
    config = (files("sam2") / "configs/sam2.1/sam2.1_hiera_t.yaml").read_text()
    config = config.replace("image_size: 1024", f"image_size: {SIDE}").replace(
        "[64, 64]", f"[{SIDE // 16}, {SIDE // 16}]"
    )
    (place / "tuned.yaml").write_text(config)
    return place


@pytest.fixture(scope="module")
def both(folder, tmp_path_factory):
    """The segmenter by the sam2 package, and by transformers, with the same weights."""
    from transformers import Sam2VideoConfig, Sam2VideoModel

    from core.segment.sam2 import Sam2Segmenter
    from core.segment.sam2_official import official

    sizes = [[SIDE // stride] * 2 for stride in (4, 8, 16)]
    model = Sam2VideoModel(
        Sam2VideoConfig(
            image_size=SIDE,
            memory_attention_rope_feat_sizes=sizes[-1],
            prompt_encoder_config={"image_size": SIDE},
            vision_config={
                "model_type": "sam2_vision_model",
                "backbone_feature_sizes": sizes,
                "backbone_config": {"model_type": "sam2_hiera_det_model", "image_size": [SIDE, SIDE]},
            },
        )
    )
    model.load_state_dict(renamed(torch.load(folder / "tuned.pt", weights_only=True)["model"]))
    saved = tmp_path_factory.mktemp("transformers")
    model.save_pretrained(saved)
    tools = official(folder), Sam2Segmenter.from_pretrained("sam2.1-tiny", saved)
    yield tools
    for tool in tools:
        tool.cache.close()


@pytest.mark.sam2
def test_the_same_weights_give_the_same_masks_for_clicks_and_boxes(both, disc):
    thing = disc()
    clip = thing.clip(1)
    for prompts in (
        Prompts((Click(40, 60),)),
        Prompts((Click(40, 60), Click(5, 5, False))),
        Prompts((), (20, 40, 60, 80)),
    ):
        ours = [tool.segment(clip, 0, prompts) for tool in both]
        assert ours[0].mask == ours[1].mask
        assert 0 < ours[0].mask.area < 120 * 160
        assert ours[0].score == pytest.approx(ours[1].score, abs=1e-4)
    corrected = [
        tool.segment(clip, 0, Prompts((Click(5, 5, False),)), previous=thing.mask(0)) for tool in both
    ]
    assert corrected[0].mask == corrected[1].mask


@pytest.mark.sam2
def test_the_same_weights_give_the_same_tracks(both, disc):
    thing = disc()
    tracks = []
    for tool in both:
        tool.network.model.eval()
        memory, logits = tool.network.memory(), []
        from core.segment.sam2 import encode
        from core.segment.sam2_network import mask_tensor

        with torch.inference_mode():
            memory.learn(encode(tool.network, thing.picture(0)), mask_tensor(thing.truth(0), SIDE))
            logits = [memory.find(encode(tool.network, thing.picture(i)))[0] for i in range(1, 20)]
        tracks.append(torch.cat(logits))
        assert memory.remembered == {"learnt": 1, "found": 6, "pointers": 15}
    scale = tracks[0].std()
    assert (tracks[0] - tracks[1]).abs().max() < 0.02 * scale
    assert ((tracks[0] > 0) == (tracks[1] > 0)).float().mean() > 0.995


@pytest.mark.sam2
def test_a_config_that_names_other_classes_is_not_built(folder, tmp_path):
    from core.segment.sam2_official import load

    (tmp_path / "tuned.pt").write_bytes((folder / "tuned.pt").read_bytes())
    (tmp_path / "tuned.yaml").write_text("model:\n  _target_: os.system\n  command: echo\n")
    with pytest.raises(RefavsError, match="no part of SAM 2"):
        load(tmp_path)


@pytest.mark.sam2
def test_weights_and_config_that_do_not_belong_together_are_refused(folder, tmp_path):
    from core.segment.sam2_official import load

    (tmp_path / "tuned.pt").write_bytes((folder / "tuned.pt").read_bytes()[:5000])
    (tmp_path / "tuned.yaml").write_text((folder / "tuned.yaml").read_text())
    with pytest.raises(RefavsError, match="do not make a SAM 2 network"):
        load(tmp_path)


@pytest.mark.sam2
@pytest.mark.parametrize("family", ["sam2", "edgetam", "sam3_tracker"])
def test_what_we_feed_is_what_the_processors_of_transformers_feed(family):
    import transformers

    from core.segment.checkpoints import CHECKPOINTS
    from core.segment.sam2_network import mask_tensor, picture_tensor, point_tensors

    third = family == "sam3_tracker"
    name = {"sam2": "sam2.1-tiny", "edgetam": "edgetam", "sam3_tracker": "sam3-tracker"}[family]
    side = 1008 if third else 1024
    kind = transformers.Sam3TrackerVideoProcessor if third else transformers.Sam2VideoProcessor
    processor = kind(
        image_processor=transformers.Sam3ImageProcessor() if third else transformers.Sam2ImageProcessor(),
        video_processor=transformers.Sam2VideoVideoProcessor(),
        target_size=side,
    )
    rng = np.random.default_rng(0)
    for height, width in ((360, 640), (1280, 720), (1024, 1024)):
        picture = rng.integers(0, 256, (height // 8, width // 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
        theirs = processor(
            images=picture,
            input_points=[[[[10.0, 20.5], [width - 1.0, 7.25]]]],
            input_labels=[[[1, 0]]],
            input_boxes=[[[5.0, 6.0, 70.5, 90.0]]],
            return_tensors="pt",
        )
        ours = picture_tensor(picture, side, CHECKPOINTS[name].colours)
        assert (ours - theirs["pixel_values"]).abs().max() < 0.02
        prompts = Prompts((Click(10.0, 20.5), Click(width - 1.0, 7.25, False)), (5.0, 6.0, 70.5, 90.0))
        points, labels = point_tensors(prompts, (height, width), side)
        torch.testing.assert_close(points[:, :, 2:], theirs["input_points"], rtol=0, atol=1e-4)
        torch.testing.assert_close(
            points[:, :, :2].reshape(1, 1, 4), theirs["input_boxes"], rtol=0, atol=1e-4
        )
        assert labels[0, 0, 2:].tolist() == theirs["input_labels"][0, 0].tolist()
        truth = np.zeros((height, width), bool)
        truth[height // 4 : height // 2, width // 3 : width // 2] = True
        session = processor.init_video_session(dtype=torch.float32)
        processor.process_new_mask_for_video_frame(session, 0, [1], truth)
        assert torch.equal(session.mask_inputs_per_obj[0][0], mask_tensor(truth, side))


def test_without_a_checkpoint_the_message_says_what_to_name(tmp_path):
    from core.registry import segmenter

    with pytest.raises(RefavsError, match="sam2-official:FOLDER"):
        segmenter("sam2-official")
    with pytest.raises(RefavsError, match="found 0 and 0"):
        segmenter(f"sam2-official:{tmp_path}")


def test_without_the_package_the_message_gives_the_pip_line(tmp_path, monkeypatch):
    from core.segment.sam2_official import load

    (tmp_path / "a.pt").touch()
    (tmp_path / "a.yaml").touch()
    monkeypatch.setitem(sys.modules, "sam2.modeling.sam2_base", None)
    with pytest.raises(RefavsError, match=r"pip install 'refavs-studio\[sam2\]'"):
        load(tmp_path)


def test_packages_that_do_not_fit_are_named_with_the_line_that_mends_it(monkeypatch):
    from core.segment import packages

    monkeypatch.setattr(packages, "version", {"torch": "2.13.0+cpu", "torchvision": "0.27.1"}.__getitem__)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    words = packages.mend("sam2.1-tiny", ImportError("Could not import module"), needs="x")
    assert "torchvision 0.27.1 does not fit torch 2.13.0+cpu" in words
    assert "torchvision==0.28.*" in words
