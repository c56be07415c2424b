"""Parts and depths of real models' tensor names."""

from __future__ import annotations

import pytest

from engine.tensor_names import Place, find_places, layer_of, part_of

NAMES = {
    "attention": """
        vit.encoder.layer.0.attention.attention.query.weight
        vit.encoder.layer.0.attention.output.dense.bias
        vision_model.encoder.layers.3.self_attn.out_proj.weight
        text_model.encoder.layers.3.self_attn.q_proj.bias
        visual.transformer.resblocks.0.attn.in_proj_weight
        transformer.h.0.attn.c_attn.weight
        transformer.h.0.attn.c_proj.weight
        h.11.attn.bias
        model.layers.0.self_attn.q_proj.weight
        model.layers.0.self_attn.o_proj.weight
        model.layers.0.self_attn.k_proj.bias
        layers.0.attention.wo.weight
        encoder.block.0.layer.0.SelfAttention.q.weight
        encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight
        decoder.block.0.layer.1.EncDecAttention.o.weight
        bert.encoder.layer.0.attention.self.key.weight
        bert.encoder.layer.0.attention.output.dense.weight
        distilbert.transformer.layer.0.attention.q_lin.weight
        gpt_neox.layers.0.attention.query_key_value.weight
        blocks.0.attn.qkv.weight
    """,
    "mlp": """
        vit.encoder.layer.0.intermediate.dense.weight
        vit.encoder.layer.0.output.dense.weight
        vision_model.encoder.layers.3.mlp.fc1.weight
        visual.transformer.resblocks.0.mlp.c_fc.weight
        transformer.h.0.mlp.c_fc.weight
        transformer.h.0.mlp.c_proj.bias
        model.layers.0.mlp.gate_proj.weight
        model.layers.0.mlp.down_proj.weight
        model.layers.0.block_sparse_moe.experts.0.w1.weight
        model.layers.0.block_sparse_moe.gate.weight
        layers.0.feed_forward.w2.weight
        encoder.block.0.layer.1.DenseReluDense.wi.weight
        encoder.block.0.layer.1.DenseReluDense.wi_0.weight
        decoder.block.0.layer.2.DenseReluDense.wo.weight
        bert.encoder.layer.0.intermediate.dense.weight
        bert.encoder.layer.0.output.dense.bias
        distilbert.transformer.layer.0.ffn.lin1.weight
        blocks.0.mlp.fc2.bias
    """,
    "norm": """
        vit.encoder.layer.0.layernorm_before.weight
        vit.layernorm.bias
        vision_model.pre_layrnorm.weight
        vision_model.post_layernorm.weight
        text_model.final_layer_norm.weight
        text_model.encoder.layers.0.layer_norm1.weight
        visual.ln_pre.weight
        transformer.h.0.ln_1.weight
        transformer.ln_f.bias
        model.layers.0.input_layernorm.weight
        model.layers.0.post_attention_layernorm.weight
        model.layers.0.self_attn.q_norm.weight
        model.norm.weight
        layers.0.attention_norm.weight
        encoder.block.0.layer.0.layer_norm.weight
        encoder.final_layer_norm.weight
        bert.embeddings.LayerNorm.weight
        bert.encoder.layer.0.attention.output.LayerNorm.bias
        cls.predictions.transform.LayerNorm.weight
        distilbert.transformer.layer.0.sa_layer_norm.weight
        resnet.encoder.stages.0.layers.0.layer.0.normalization.running_mean
        resnet.embedder.embedder.normalization.weight
        layer1.0.bn1.weight
        bn1.running_var
        blocks.0.norm1.weight
    """,
    "embeddings": """
        vit.embeddings.cls_token
        vit.embeddings.position_embeddings
        vit.embeddings.patch_embeddings.projection.weight
        vision_model.embeddings.class_embedding
        vision_model.embeddings.patch_embedding.weight
        text_model.embeddings.token_embedding.weight
        visual.class_embedding
        visual.conv1.weight
        positional_embedding
        token_embedding.weight
        transformer.wte.weight
        wpe.weight
        model.embed_tokens.weight
        shared.weight
        encoder.embed_tokens.weight
        bert.embeddings.word_embeddings.weight
        bert.embeddings.position_ids
        tok_embeddings.weight
        resnet.embedder.embedder.convolution.weight
        cls_token
        pos_embed
        patch_embed.proj.weight
    """,
    "head": """
        classifier.weight
        classifier.1.bias
        classifier.out_proj.weight
        pre_classifier.weight
        lm_head.weight
        lm_head.dense.weight
        score.weight
        qa_outputs.weight
        bert.pooler.dense.weight
        vit.pooler.dense.weight
        cls.predictions.decoder.weight
        cls.predictions.bias
        visual_projection.weight
        text_projection.weight
        text_projection
        visual.proj
        logit_scale
        fc.weight
        head.weight
        vocab_transform.weight
        embed_out.weight
    """,
    "other": """
        conv1.weight
        layer1.0.conv1.weight
        layer2.0.downsample.0.weight
        resnet.encoder.stages.0.layers.0.shortcut.convolution.weight
        weight
        model.rotary.inv_freq
    """,
}
TABLE = [(name, part) for part, names in NAMES.items() for name in names.split()]


@pytest.mark.parametrize(("name", "part"), TABLE)
def test_part(name, part):
    assert part_of(name) == part


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("model.layers.10.mlp.up_proj.weight", ("model.layers.", 10)),
        ("h.2.attn.bias", ("h.", 2)),
        ("0.weight", ("", 0)),
        ("encoder.block.3.layer.1.DenseReluDense.wo.weight", ("encoder.block.", 3)),
        ("layer1.0.conv1.weight", ("layer1.", 0)),
        ("model.layers.1.experts.7.w1.weight", ("model.layers.", 1)),
        ("model.norm.weight", None),
        ("classifier.1.weight", None),
        ("pos_embed.0.weight", None),
        ("conv1.weight", None),
        ("", None),
    ],
)
def test_layer(name, layer):
    assert layer_of(name) == layer


def test_depth_counts_numerically_and_by_stack():
    names = [*(f"encoder.layers.{number}.w" for number in (0, 2, 10)), "decoder.layers.1.w", "norm.weight"]
    places = find_places(names)
    assert places["encoder.layers.10.w"] == Place("encoder.layers.10.w", "other", 10, 11)
    assert places["decoder.layers.1.w"].layers == 2
    assert places["norm.weight"] == Place("norm.weight", "norm", None, 0)
    assert list(places) == names
