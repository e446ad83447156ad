def learning_rate(experiment, epoch):
    """The learning rate of an epoch (the first is 1): lr, divided by 10 after each epoch of lr_drops, and falling in a line
    over the last lr_decay of the epochs, to 0 after the last (Zhu et al. 2017: the second 100 of 200)."""
    falling = round(experiment.epochs * experiment.lr_decay)
    fallen = max(0, epoch - (experiment.epochs - falling)) / (falling + 1)
    return experiment.lr / 10 ** sum(epoch > drop for drop in experiment.lr_drops) * (1 - fallen)
